import Foundation
import Glibc
import Testing
import TestSupport

/// Damaged indexes, and images that differ from those that were indexed.
@Suite(.needs(.xz))
struct IndexDamageTests {
    /// Reads at random. No read fails, whatever the index is like.
    private func expectContent(
        _ bytes: Data, from server: RunningServer, count: Int = 10, _ random: inout SeededGenerator
    ) throws {
        let client = try server.client()
        #expect(try client.enter() == UInt64(bytes.count))
        for _ in 0..<count {
            let offset = Int.random(in: 0..<bytes.count - 70_000, using: &random)
            let read = try client.tryReading(at: offset, count: 70_000)
            #expect(read.bytes == bytes[offset..<offset + 70_000], "at \(offset): \(read.error)")
        }
    }

    @Test func damagedIndexDoesNoHarm() throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            _ = try disk.vitrine("index", disk.xz.path)
            let file = try #require(disk.indexes.first)
            let good = try Data(contentsOf: file)
            var random = SeededGenerator(seed: 81)
            for round in 0..<16 {
                var bad = good
                // Headers and tables are small: half of the places are there.
                let place =
                    round % 2 == 0
                    ? Int.random(in: 0..<good.count, using: &random)
                    : good.count - Int.random(in: 1...400, using: &random)
                if round % 4 == 3 {
                    bad = good[..<place]
                } else {
                    bad[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                }
                try bad.write(to: file)
                try disk.serve { server in
                    try expectContent(disk.bytes, from: server, &random)
                    try expectContent(disk.bytes, from: server, &random)
                }
            }
            let verified = try disk.vitrine("index", "--verify", disk.xz.path)
            #expect(verified.output.contains(": OK: "), "\(verified.output) \(verified.errors)")
        }
    }

    @Test func damagedIndexThatTheUserNamesDoesNoHarm() throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            let file = folder.appending(path: "sidecar")
            _ = try disk.vitrine("index", disk.xz.path, "-o", file.path)
            let good = try Data(contentsOf: file)
            var random = SeededGenerator(seed: 82)
            for place in [100, 5000, good.count / 2, good.count - 100, good.count - 10] {
                var bad = good
                bad[place] ^= 0x10
                try bad.write(to: file)
                try disk.serve("--index", file.path) { try expectContent(disk.bytes, from: $0, &random) }
            }
        }
    }

    @Test func imageThatIsReplacedIsServedAsItIs() throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            _ = try disk.vitrine("index", disk.xz.path)
            var random = SeededGenerator(seed: 83)
            let other = SeekDisk.content(seed: 99)
            let compressed = try SeekDisk.compress(other)
            // In place: the same inode, and perhaps the same size.
            let handle = try FileHandle(forWritingTo: disk.xz)
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: compressed)
            try handle.close()
            try disk.serve { server in
                try expectContent(other, from: server, &random)
                #expect(server.program.errorsSoFar == "")
            }
            #expect(disk.indexes.count == 2)
        }
    }

    /// The fingerprint is the same: the image differs in a place that is not sampled, and has no check.
    @Test func imageWithTheSameFingerprintIsNotTakenForTheOther() throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            let options = ["--check=none", "--lzma2=preset=0,dict=8MiB"]
            try SeekDisk.compress(disk.bytes, options).write(to: disk.xz)
            _ = try disk.vitrine("index", disk.xz.path)
            var other = disk.bytes
            // Noise is stored as it is, and what refers to it is elsewhere.
            for index in 2_222_222..<2_222_322 { other[index] ^= 0x33 }
            try SeekDisk.compress(other, options).write(to: disk.xz)
            var random = SeededGenerator(seed: 84)
            try disk.serve { server in
                let client = try server.client()
                try client.enter()
                #expect(try client.readBytes(at: 2_200_000, count: 100_000) == other[2_200_000..<2_300_000])
                try expectContent(other, from: server, count: 30, &random)
            }
            let copied = try disk.vitrine("copy", "-q", disk.xz.path, "-")
            #expect(copied.data == other, "\(copied.errors)")
        }
    }

    @Test(arguments: [true, false])
    func imageThatIsTruncatedWhileServed(_ isIndexed: Bool) throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            if isIndexed { _ = try disk.vitrine("index", disk.xz.path) }
            try disk.serve { server in
                let client = try server.client()
                try client.enter()
                #expect(try client.readBytes(at: 0, count: 5000) == disk.bytes[..<5000])
                try #require(unsafe truncate(disk.xz.path, 6 << 20) == 0)
                // Opening the image reads its ends, which may still be in memory.
                for _ in 0..<2 { #expect(try client.tryReading(at: 9_000_000, count: 5000).bytes == nil) }
                #expect(try client.readBytes(at: 1_000_000, count: 5000) == disk.bytes[1_000_000..<1_005_000])
            }
        }
    }

    @Test func dictionaryWithinTheMemory() throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            let bytes = disk.bytes[..<(8 << 20)]
            try SeekDisk.compress(bytes, ["--lzma2=preset=0,dict=64MiB"]).write(to: disk.xz)
            var random = SeededGenerator(seed: 85)
            for _ in 0..<2 {
                try disk.serve { server in
                    try expectContent(bytes, from: server, &random)
                    #expect(try server.peakMemory() < (64 + 50) << 20)
                }
            }
        }
    }

    @Test func dictionaryLargerThanTheMemoryIsALimit() throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            try SeekDisk.compress(disk.bytes, ["--lzma2=preset=0,dict=64MiB"]).write(to: disk.xz)
            let serve = try disk.vitrine(
                "serve", "--memory", "16M", "--no-index", "--run", "true", disk.xz.path)
            #expect(serve.status == 1)
            #expect(serve.errors.contains("--memory"), "\(serve.errors)")
            let index = try disk.vitrine("index", "--memory", "16M", disk.xz.path)
            #expect(index.status == 1)
            #expect(index.errors.contains("--memory"), "\(index.errors)")
        }
    }
}
