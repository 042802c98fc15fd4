import Foundation
import Testing
import TestSupport

/// ext4s with bytes changed at random: whatever happens to the process that reads them, the command ends, and tells.
@Suite(.needs(.mkfsExt4, .debugfs))
struct DamagedExtTests {
    /// The output is an archive that can be read to its end, and errors are told in the words of a person.
    @Test(arguments: 1...24) func damageIsTold(_ seed: UInt64) throws {
        try withTemporaryFolder { folder in
            let image = try ExtImage(in: folder, seed % 2 == 0 ? ["-O", "^metadata_csum"] : [])
            var bytes = try Data(contentsOf: image.file)
            var random = SeededGenerator(seed: seed)
            // What is not zero lies in the metadata, mostly; behind the superblock, so that there is something to read.
            let used = bytes.indices.filter { bytes[$0] != 0 && $0 >= 2048 }
            for _ in 0..<Int.random(in: 1...400, using: &random) {
                guard let place = used.randomElement(using: &random) else { continue }
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            try bytes.write(to: image.file)
            let archive = folder.appending(path: "archive.tar").path
            let result = try image.run("tar", archive)
            #expect([0, 1].contains(result.status), "\(result.status): \(result.errors)")
            #expect((result.status == 0) == (result.errors == ""), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("vitrine: ") })
            if FileManager.default.fileExists(atPath: archive) {
                let list = try Tool.tar.run("tf", archive)
                #expect(list.status == 0, "\(list.errors)")
            }
            let names = try image.run("ls", "-l", "/", "/etc", "/etc/deep")
            #expect([0, 1].contains(names.status), "\(names.errors)")
        }
    }

    @Test func aSuperblockThatIsDamaged() throws {
        try ExtImage.with("-O", "^metadata_csum") { image, _ in
            let original = try Data(contentsOf: image.file)
            var random = SeededGenerator(seed: 7)
            for _ in 0..<40 {
                var bytes = original
                for _ in 0..<3 {
                    bytes[1024 + Int.random(in: 0..<264, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                try bytes.write(to: image.file)
                let result = try image.run("ls", "-l", "/")
                #expect([0, 1].contains(result.status), "\(result.status): \(result.errors)")
                #expect(result.status == 0 || result.errors != "")
            }
        }
    }
}
