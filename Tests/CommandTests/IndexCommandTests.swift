import Foundation
import Testing
import TestSupport

/// `vitrine index`, and the options for the place of an index.
@Suite(.needs(.sfdisk, .xz))
struct IndexCommandTests {
    @Test func rawDiskNeedsNoIndex() throws {
        let disk = try TestDisk.shared().raw.path
        let result = try Vitrine.run("index", disk)
        #expect(result.status == 0)
        #expect(
            result.output
                == "\(disk): needs no index: it is not compressed, or an index does not help with its "
                + "compression\n"
        )
        #expect(result.errors == "")
        #expect(try Vitrine.run("index", "-q", disk).output == "")
    }

    @Test func imageThatCannotBeOpenedDoesNotKeepOthersFromTheirTurn() throws {
        let disk = try TestDisk.shared().raw.path
        let result = try Vitrine.run("index", "/nonexistent/disk.xz", disk)
        #expect(result.status == 1)
        #expect(result.errors == "vitrine: /nonexistent/disk.xz: No such file or directory\n")
        #expect(result.output.hasPrefix("\(disk): needs no index"))
    }

    @Test(arguments: [
        (
            ["index", "a", "b", "--output", "c"],
            "--output is for the index of one image, but there are 2 images."
        ),
        (["index", "a", "--output", ""], "--output takes the path of a file."),
        (["index", "a", "--memory", "1M"], "--memory takes 16 MiB or more."),
        (["serve", "a", "--index", "b", "--no-index"], "--index cannot be used with --no-index."),
        (["info", "a", "--index", ""], "--index takes the path of a file."),
        (
            ["copy", "a", "b", "--partition", "0"],
            "--partition takes a number, 1 or higher, or a label, UUID, name or type that vitrine info shows."
        ),
        (["info", "a", "--sector-size", "1024"], "--sector-size takes 512 or 4096."),
        (
            ["mount", "a", "b", "--all", "--partition", "1"],
            "--all cannot be used with --partition, --volume or --subvolume."
        ),
        (["mount", "a", "b", "--subvolume", ""], "--subvolume takes a path or an ID."),
        (["copy", "a", ""], "The path to copy to is empty."),
        (["copy", "a", "b", "--memory", "1M"], "--memory takes 16 MiB or more."),
        (["copy", "a"], "Missing expected argument '<out>'"),
    ])
    func optionsThatMakeNoSense(_ arguments: [String], _ text: String) throws {
        let result = try Program([Vitrine.path()] + arguments).wait()
        #expect(result.status == 64)
        #expect(result.output == "")
        #expect(result.errors.contains("Error: \(text)\n"), "\(result.errors)")
    }

    @Test(arguments: [["--no-index"], ["--index", "/nonexistent/index"]])
    func indexOptionsAreTakenByWhateverOpensAnImage(_ options: [String]) throws {
        let disk = try TestDisk.shared()
        for command in [["info"], ["copy", "-q"]] {
            let output = command == ["info"] ? [] : ["-"]
            let result = try Program([Vitrine.path()] + command + options + [disk.xz.path] + output).wait()
            #expect(result.status == 0, "\(result.errors)")
        }
    }
}
