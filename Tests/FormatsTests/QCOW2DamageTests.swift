import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Reading images with changed bytes gives an answer or an error, whatever the bytes are.
@Suite(.needs(.qemuImg, .qemuIO))
struct QCOW2DamageTests {
    @Test(arguments: [
        ["compat=1.1,cluster_size=512"], ["compat=0.10,cluster_size=512"],
        ["compression_type=zstd,cluster_size=4096"], ["extended_l2=on,cluster_size=16384"], [],
    ])
    func anyByteMayBeWrong(_ options: [String]) throws {
        try withTemporaryFolder { folder in
            let isQCOW1 = options.isEmpty
            let url = folder.appending(path: "disk")
            let size = 400_000 / 512 * 512
            let image = try QemuImage.create(
                url, format: isQCOW1 ? "qcow" : "qcow2", size: UInt64(size),
                isQCOW1 ? [] : ["-o", options.joined()])
            if !isQCOW1 {
                var writes = try RandomWrites(seed: 1, size: size, clusterSize: 16_384, in: folder)
                try image.io(writes.compressed(5))
                try image.io(writes.mixed(15))
                try image.img(["snapshot", "-q", "-c", "snap"])
                try image.io(writes.mixed(5))
                if options != ["compat=0.10,cluster_size=512"] { try image.img(["bitmap", "--add"], ["b"]) }
            } else {
                try image.io(["write -q -P 3 10k 50k", "write -q -P 4 200k 50k"])
            }
            let sound = try Array(Data(contentsOf: url))
            // Where something other than zeroes is that tables or headers might be made of.
            let places = sound.indices.filter { sound[$0] != 0 }
            var random = SeededGenerator(seed: 2)
            for round in 0..<400 {
                var bytes = sound
                for _ in 0...round % 4 {
                    let place = places.randomElement(using: &random) ?? 0
                    let other = Int.random(in: 0..<min(8, bytes.count - place), using: &random)
                    bytes[place + other] =
                        [0, 1, 0x40, 0x80, 0xC0, 0xFF, UInt8.random(in: 0...255, using: &random)]
                        .randomElement(using: &random) ?? 0
                }
                if round % 10 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
                readAll(bytes, snapshot: nil)
                readAll(bytes, snapshot: "snap")
            }
        }
    }

    /// A small file may have millions of damaged entries, and each would take a while to check.
    @Test func damagedEntriesAreCountedUpToALimit() throws {
        var file = QCOW2File(size: 100 << 29, l1Count: 100)
        for number in 0..<100 { file.put(UInt64(2 * file.clusterSize), at: file.clusterSize + number * 8) }
        for number in 0..<8192 { file.setEntry(number, 0x200) }
        let details = try details(of: file)
        #expect(details["damaged-entries"] == "number(65536)")
        #expect(details["counted-tables"] == "phrase(\"the first 8 L2 tables only\", Optional(8))")
    }

    /// L1 is read in pieces of 8192 entries, and up to a certain number of small tables are walked through.
    @Test(arguments: [
        ([0, 8191, 8192, 19_999], 4, nil),
        (Array(0..<20_000), 16_384, "phrase(\"the first 16384 L2 tables only\", Optional(16384))"),
    ])
    func largeL1TableIsGoneThrough(_ tables: [Int], _ clusters: Int, _ counted: String?) throws {
        var file = QCOW2File(clusterBits: 9, size: 20_000 << 15, l1Count: 20_000)
        file.setEntry(0, 1024)
        file.put(UInt64(2048), at: 40)
        file.put([UInt8](repeating: 0, count: 160_000), at: 2048)
        for number in tables { file.put(UInt64(1024), at: 2048 + number * 8) }
        let details = try details(of: file)
        #expect(details["allocated-size"] == "bytes(\(clusters * 512))")
        #expect(details["counted-tables"] == counted)
    }

    @Test func subclustersAreCounted() throws {
        var file = QCOW2File(clusterBits: 14, size: 1 << 20, incompatible: 1 << 4)
        let bitmaps: [UInt64] = [0, 0xFFFF_FFFF, 0b101, 1 << 40, 1 << 40 | 0b1, 1 | 1 << 32]
        for (number, bitmap) in bitmaps.enumerated() { file.setEntry(number, 1 << 14, bitmap: bitmap) }
        file.setEntry(6, 1 << 62 | 1 << 14, bitmap: 0)
        // Whether there is a cluster does not matter to subclusters of zeroes.
        file.setEntry(7, 0, bitmap: 1 << 32)
        let details = try details(of: file)
        #expect(details["allocated-size"] == "bytes(\(35 * 512 + 16_384))")
        #expect(details["allocated-clusters"] == "share(4, of: 64)")
        #expect(details["compressed-clusters"] == "share(1, of: 4)")
        #expect(details["zero-clusters"] == "number(2)")
        #expect(details["damaged-entries"] == "number(1)")
    }

    private func details(of file: QCOW2File) throws -> [String: String] {
        let details = try file.inspect().details.map { ($0.key, String(describing: $0.value)) }
        return Dictionary(details) { first, _ in first }
    }

    private func readAll(_ bytes: [UInt8], snapshot: String?) {
        let options = OpenOptions(
            engine: Engine(memory: Engine.minimumMemory, threads: 1), snapshot: snapshot)
        _ = try? ImageDescription("disk", MemorySource(bytes), options)
        guard let image = try? Image("disk", MemorySource(bytes), options) else { return }
        let disk = image.disk
        guard let again = try? Image("disk", MemorySource(bytes), options).disk else {
            Issue.record("it opens once and not again")
            return
        }
        let end = min(disk.size, 500_000)
        for start in stride(from: 0, to: end, by: 40_000) {
            let count = Int(min(40_000, end - start))
            if let extent = try? disk.extent(in: start..<start + UInt64(count)), extent.kind != .data {
                let length = Int(extent.range.upperBound - start)
                #expect((try? disk.bytes(at: start, count: length).allSatisfy { $0 == 0 }) ?? false)
            }
            // In other pieces, and from the other end, it is the same.
            if let read = try? disk.bytes(at: start, count: count) {
                for index in stride(from: count / 10_000 * 10_000, through: 0, by: -10_000) {
                    let part = min(100, count - index)
                    #expect(
                        (try? again.bytes(at: start + UInt64(index), count: part))
                            == Array(read[index..<index + part]), "at \(start) + \(index)")
                }
            }
            _ = try? disk.extent(in: start..<disk.size)
            _ = try? disk.depth(in: start..<disk.size)
            for bitmap in image.bitmaps { _ = try? bitmap.extent(in: start..<disk.size) }
        }
        if disk.size > 0 { _ = try? disk.bytes(at: disk.size - 1, count: 1) }
    }
}
