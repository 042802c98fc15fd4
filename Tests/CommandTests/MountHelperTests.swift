import Testing
import VitrineFormats

@testable import vitrine

/// The command lines that mount(8) gives to mount.vitrine.
struct MountHelperTests {
    @Test(
        arguments: [
            (["a", "/mnt", "-o", "rw"], ["mount", "--quiet", "--", "a", "/mnt"]),
            (
                ["a", "/mnt", "-v", "-o", "ro,nodev,nosuid,partition=2,nofail,x-systemd.automount"],
                ["mount", "--partition=2", "--", "a", "/mnt"]
            ),
            (
                ["-o", "rw,member=\"a,b=c.raw\",noreplay", "-sn", "-t", "vitrine", "a", "d"],
                ["mount", "--member=a,b=c.raw", "--no-replay", "--quiet", "--", "a", "d"]
            ),
            (
                ["a", "/mnt", "-s", "-o", "uid=5,memory=1G"],
                ["mount", "--memory=1G", "--quiet", "--", "a", "/mnt"]
            ),
            (["a", "/mnt", "-f"], ["--version"]),
        ] as [([String], [String])])
    func theSameAsACommand(_ arguments: [String], _ result: [String]) throws {
        #expect(try MountHelper(arguments).arguments == result)
    }

    @Test(
        arguments: [
            ([], "usage: mount.vitrine <image> <dir> [-sfnv] [-o <options>]"),
            (["a", "b", "c"], "usage: mount.vitrine <image> <dir> [-sfnv] [-o <options>]"),
            (["a", "b", "-o", "uid=5"], "mount.vitrine: there is no option uid=5"),
            (["a", "b", "-o", "noexec"], "mount.vitrine: there is no option noexec"),
            (["a", "b", "-o", "partition"], "mount.vitrine: there is no option partition"),
            (["a", "b", "-o", "noreplay=1"], "mount.vitrine: there is no option noreplay=1"),
            (["a", "b", "-o"], "mount.vitrine: -o needs a value"),
            (["a", "b", "-N", "5"], "mount.vitrine: -N is not supported"),
            (["a", "b", "-x"], "mount.vitrine: there is no option -x"),
        ] as [([String], String)])
    func whatMakesNoSense(_ arguments: [String], _ text: String) {
        #expect(throws: CommandError(text)) { try MountHelper(arguments) }
    }

    @Test(arguments: [
        ("a/b-c.raw", "a/b-c.raw"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$x", "'$x'"),
    ])
    func wordsForTheShell(_ text: SystemString, _ word: String) {
        #expect(MountSteps.quoted(text) == word)
    }
}
