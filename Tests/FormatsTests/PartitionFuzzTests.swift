import Testing

@testable import VitrineFormats

/// Reading a table ends, whatever the disk holds, and every partition lies on the disk.
@Suite struct PartitionFuzzTests {
    /// A generator whose numbers follow from its seed (SplitMix64).
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    /// A small disk, so that changes hit what counts.
    static let gpt = PartitionDisk.gpt(
        sectors: 64, count: 16,
        .init(number: 1, type: PartitionDisk.efi, first: 10, last: 19, name: Array("one".utf16)),
        .init(number: 2, first: 20, last: 29), .init(number: 16, first: 30, last: 50))

    static let mbr = PartitionDisk.extended(PartitionExtendedTests.records)

    static func check(_ disk: PartitionDisk, _ what: String) throws {
        guard let table = try disk.table else { return }
        var previous = 0
        for partition in table.partitions {
            #expect(partition.number > previous, "\(what)")
            #expect(!partition.range.isEmpty, "\(what)")
            #expect(partition.range.upperBound <= UInt64(disk.bytes.count), "\(what)")
            previous = partition.number
        }
        #expect(table.warnings.count <= PartitionList.maximumWarnings + 1, "\(what)")
    }

    /// Changes some bytes at or after one of `places`, with extreme values more often than others.
    static func mutate(_ disk: inout PartitionDisk, near places: [Range<Int>], _ random: inout Random) {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard let place = places.randomElement(using: &random) else { return }
            let at = Int.random(in: place, using: &random)
            let width = Int.random(in: 1...8, using: &random)
            let fills: [UInt8?] = [0x00, 0xFF, 0x7F, 0x80, nil]
            let fill = fills.randomElement(using: &random) ?? nil
            for offset in at..<min(at + width, place.upperBound) {
                disk.bytes[offset] = fill ?? UInt8.random(in: 0...255, using: &random)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func gpt(_ seed: UInt64) throws {
        var random = Random(state: seed)
        let end = Self.gpt.bytes.count
        let places = [446..<512, 512..<604, 512..<604, 1024..<1280, end - 512..<end - 420]
        for round in 0..<1500 {
            var disk = Self.gpt
            Self.mutate(&disk, near: places, &random)
            // Most of the time the CRCs must hold, or nothing behind them would be looked at.
            if round % 4 != 0 {
                disk.putCRCs(header: 512)
                disk.putCRCs(header: end - 512)
            }
            if round % 5 == 0 { disk.bytes.removeLast(Int.random(in: 0..<end, using: &random)) }
            try Self.check(disk, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func mbr(_ seed: UInt64) throws {
        var random = Random(state: seed)
        let places = [0, 100, 400, 600].map { $0 * 512 + 446..<$0 * 512 + 512 }
        for round in 0..<1500 {
            var disk = Self.mbr
            Self.mutate(&disk, near: places, &random)
            // A changed status would end most rounds: it is put back.
            if round % 4 != 0 {
                for index in 0..<4 { disk.bytes[446 + 16 * index] = 0 }
            }
            if round % 5 == 0 { disk.bytes.removeLast(Int.random(in: 0..<disk.bytes.count, using: &random)) }
            try Self.check(disk, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func nested(_ seed: UInt64) throws {
        var random = Random(state: seed)
        var original = PartitionDisk.mbr(
            sectors: 600, .init(type: 0xA5, start: 10, count: 200), .init(type: 0x81, start: 300, count: 200))
        original.putLabel(sector: 10, [(16, 50, 7), (70, 50, 1), (0, 200, 0), (120, 80, 27)])
        original.putRecord(
            sector: 300, [.init(type: 0x81, start: 301, count: 50), .init(type: 0x81, start: 360, count: 50)])
        let label = 11 * 512
        let places = [446..<512, label..<label + 4, label + 136..<label + 230, 300 * 512 + 446..<301 * 512]
        for round in 0..<1500 {
            var disk = original
            Self.mutate(&disk, near: places, &random)
            if round % 4 != 0 {
                for index in 0..<4 { disk.bytes[446 + 16 * index] = 0 }
            }
            if round % 5 == 0 { disk.bytes.removeLast(Int.random(in: 0..<disk.bytes.count, using: &random)) }
            try Self.check(disk, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func apple(_ seed: UInt64) throws {
        var random = Random(state: seed)
        let original = PartitionDisk.apple(
            sectors: 100,
            [
                (1, 10, "Apple", "Apple_partition_map"), (20, 50, "disk", "Apple_HFS"),
                (80, 20, "", "Apple_Free"),
            ])
        let places = [0..<8] + (1...3).map { $0 * 512..<$0 * 512 + 80 }
        for round in 0..<1500 {
            var disk = original
            Self.mutate(&disk, near: places, &random)
            if round % 4 != 0 { disk.put(Array("ER".utf8), at: 0) }
            if round % 5 == 0 { disk.bytes.removeLast(Int.random(in: 0..<disk.bytes.count, using: &random)) }
            try Self.check(disk, "seed \(seed), round \(round)")
        }
    }

    @Test func noise() throws {
        var random = Random(state: 5)
        for round in 0..<1000 {
            var disk = PartitionDisk(size: Int.random(in: 0...3000, using: &random))
            for index in disk.bytes.indices { disk.bytes[index] = UInt8.random(in: 0...255, using: &random) }
            if disk.bytes.count >= 512 {
                disk.put([0x55, 0xAA], at: 510)
                for index in 0..<4 { disk.bytes[446 + 16 * index] = 0x80 }
            }
            try Self.check(disk, "round \(round)")
        }
    }
}
