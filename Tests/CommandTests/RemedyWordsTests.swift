import TestSupport
import Testing
import VitrineFormats

@testable import vitrine

/// The words of the command for an error and its remedy.
@Suite struct RemedyWordsTests {
    @Test func remedyFollowsTheDescription() {
        var error = ImageError(.corrupt, "the end is missing", path: ["disk.xz", "xz"])
        #expect(error.words == "disk.xz: xz: the end is missing")
        error.remedy = Remedy(.recover, nil, "serves the rest")
        #expect(words(error) == "disk.xz: xz: the end is missing; --recover serves the rest")
        error.remedy = Remedy(.format, "raw", "takes it as it is")
        #expect(words(error) == "disk.xz: xz: the end is missing; --format raw takes it as it is")
        #expect(error.description == "disk.xz: xz: the end is missing")
        #expect(words(CommandError("no such thing")) == "no such thing")
    }

    @Test(arguments: Remedy.Setting.allCases)
    func optionExists(_ setting: Remedy.Setting) throws {
        let help = try Vitrine.run("copy", "--help").output
        #expect(help.contains("\n  --\(setting.option) ") || help.contains("\n  --\(setting.option)\n"))
    }
}
