import TestSupport
import Testing

@testable import VitrineFormats

/// Streams without a grain directory that have some damaged markers. The grains behind these are found anyway.
@Suite struct VMDKDamagedMarkerTests {
    private static let count = 16

    private static func content(_ number: Int) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(number))
        // What does not compress takes more than a grain, and many sectors.
        return number % 3 == 0
            ? TestContent.random.bytes(count: VMDKFile.grainSize, &random)
            : VMDKSparseTests.text.map { $0 ^ UInt8(number) }
    }

    /// A stream of 16 grains that ends behind the last.
    private func stream(tables: Bool = false) throws -> VMDKFile {
        var file = VMDKFile(version: 3, flags: 0x30001, compressed: true)
        file.put(UInt64.max, at: 56)
        for number in 0..<Self.count {
            file.addCompressed(number, try VMDKSparseTests.compressed(Self.content(number)))
        }
        guard tables else { return file }
        let table = file.addTable(marked: true)
        _ = file.addDirectory(table, marked: true)
        return file
    }

    /// The offset of the marker of grain `number`.
    private func place(_ number: Int, _ file: VMDKFile) -> Int { Int(file.table[number]) * 512 }

    /// The grains of `image` that can be read. The content must be right.
    private func readable(_ image: Image) -> [Int] {
        (0..<Self.count).filter { number in
            guard let bytes = try? image.disk.bytes(at: UInt64(number) * 4096, count: 4096) else {
                return false
            }
            let isRight = bytes == Self.content(number)
            #expect(isRight, "grain \(number)")
            return true
        }
    }

    /// Expects that all grains of `file` but `lost` can be read, and that `damage` is reported.
    private func expect(_ file: VMDKFile, loses lost: [Int], _ damage: String, counted: Int? = nil) throws {
        let image = try file.open(recovers: true)
        #expect(readable(image) == (0..<Self.count).filter { !lost.contains($0) })
        let count = counted ?? Self.count - lost.count
        let last = (0..<Self.count).last { !lost.contains($0) } ?? 0
        #expect(
            image.warnings.contains(
                "vmdk: the stream is cut short at \(file.bytes.count): \(count) of 16 grains are there, the last for "
                    + "disk offset \(last * 4096)\(damage), and reading what is missing fails"),
            "\(image.warnings)")
    }

    private static let wrong: [(String, [UInt8])] = [
        ("zeroes", [UInt8](repeating: 0, count: 16)), ("ones", [UInt8](repeating: 0xFF, count: 16)),
        ("text", Array("what is this now".utf8)),
    ]

    @Test(arguments: wrong, [0, 1, 6, 7])
    func oneMarker(_ marker: (String, [UInt8]), _ number: Int) throws {
        var file = try stream()
        file.put(marker.1, at: place(number, file))
        try expect(file, loses: [number], ", with damage at \(place(number, file))")
    }

    @Test(arguments: wrong)
    func severalMarkers(_ marker: (String, [UInt8])) throws {
        for numbers in [[5, 9], [5, 6], [6, 7], [0, 1, 2, 15]] {
            var file = try stream()
            for number in numbers { file.put(marker.1, at: place(number, file)) }
            // What is in front of the next one is one place, and behind the last one is no other.
            let damaged = numbers.filter { $0 != 15 }
            let image = try file.open(recovers: true)
            #expect(readable(image) == (0..<Self.count).filter { !numbers.contains($0) })
            let text = "with damage at \(place(damaged[0], file))"
            #expect(image.warnings.contains { $0.contains(text) }, "\(image.warnings)")
        }
    }

    @Test func twoPlaces() throws {
        var file = try stream()
        for number in [5, 9] { file.put([UInt8](repeating: 0, count: 512), at: place(number, file)) }
        try expect(file, loses: [5, 9], ", with damage at \(place(5, file)) and in 1 more place")
        file.put([UInt8](repeating: 0, count: 512), at: place(12, file))
        try expect(file, loses: [5, 9, 12], ", with damage at \(place(5, file)) and in 2 more places")
    }

    /// A size that is out of bounds, some that lead into the grain itself, and one that leads into another grain. No
    /// other grain is lost.
    @Test(arguments: [UInt32.max, 8193, 1, 600, 2000, 5000], [4, 6])
    func sizes(_ size: UInt32, _ number: Int) throws {
        var file = try stream()
        file.put(size, at: place(number, file) + 8)
        let image = try file.open(recovers: true)
        let others = (0..<Self.count).filter { $0 != number }
        #expect(readable(image).filter { $0 != number } == others)
        #expect(image.warnings.contains { $0.contains(", with damage at \(place(number, file))") })
    }

    /// Noise from the middle of one grain to the middle of another.
    @Test func aStretch() throws {
        var file = try stream()
        var random = SeededGenerator(seed: 99)
        let start = place(6, file) + 700
        file.put(TestContent.random.bytes(count: place(9, file) + 900 - start, &random), at: start)
        // The one whose marker is as it was counts as being there; reading it fails.
        try expect(file, loses: [6, 7, 8, 9], ", with damage at \(place(6, file))", counted: 13)
    }

    /// Tables behind a damaged marker of a grain or of a table are found too, and so is the directory, which leads to
    /// everything.
    @Test(arguments: [15, 16, 17])
    func tablesBehindDamage(_ number: Int) throws {
        var file = try stream(tables: true)
        // The markers of the last grain, of the table, and of both.
        let table = file.sectors - 1 - 1 - 4 - 1
        if number != 16 { file.put([UInt8](repeating: 0x55, count: 16), at: place(15, file)) }
        if number != 15 { file.put([UInt8](repeating: 0x55, count: 16), at: table * 512) }
        let image = try file.open()
        #expect(readable(image) == Array(0..<(number == 16 ? 16 : 15)))
        #expect(
            image.warnings.contains {
                $0.hasSuffix("vitrine found the grain directory by scanning the stream")
            })
    }

    /// Data of a guest is not a marker, even if it is laid out as one, in sound data or for a grain that is there.
    @Test func guestsMarkers() throws {
        let fake = try VMDKSparseTests.compressed([UInt8](repeating: 9, count: VMDKFile.grainSize))
        for number in [0, 3] as [UInt8] {
            var record: [UInt8] = [number * 8, 0, 0, 0, 0, 0, 0, 0]
            for shift in stride(from: 0, to: 32, by: 8) { record.append(UInt8(fake.count >> shift & 0xFF)) }
            record += fake
            // Stored, so that it is at the start of a sector, and no more compressed than it is.
            let guest =
                [UInt8](repeating: 7, count: 512 - 19) + record
                + [UInt8](repeating: 7, count: 4096 - (512 - 19) - record.count)
            var file = VMDKFile(version: 3, flags: 0x30001, compressed: true)
            file.put(UInt64.max, at: 56)
            for grain in [0, 1, 2, 4] {
                let data = grain == 1 ? guest : Self.content(grain)
                file.addCompressed(grain, try VMDKSparseTests.compressed(data, level: grain == 1 ? 0 : 6))
            }
            let isThere =
                Array(file.bytes[place(1, file) + 512..<place(1, file) + 512 + record.count]) == record
            #expect(isThere)
            // In the grain with the damaged marker; in the one before it; and in one whose data is damaged as well, but for a
            // grain that is there.
            for damaged in [[place(1, file)], [place(2, file)], [place(1, file), place(1, file) + 4000]] {
                guard number == 0 || damaged.count == 1 else { continue }
                var wrong = file
                for offset in damaged { wrong.put([UInt8](repeating: 0xAA, count: 12), at: offset) }
                let disk = try wrong.open(recovers: true).disk
                #expect(try disk.bytes(at: 0, count: 4096) == Self.content(0))
                #expect(try disk.bytes(at: 4 * 4096, count: 4096) == Self.content(4))
                #expect(throws: ImageError.self) { try disk.bytes(at: 3 * 4096, count: 1) }
            }
        }
    }

    /// Data read is right, whatever is damaged.
    @Test func anyDamage() throws {
        let sound = try stream()
        var random = SeededGenerator(seed: 11)
        for round in 0..<300 {
            var file = sound
            for _ in 0...round % 3 {
                let count = Int.random(in: 1..<[2, 17, 700, 6000][round % 4], using: &random)
                let start = Int.random(in: 8 * 512..<file.bytes.count - count, using: &random)
                file.put(TestContent.random.bytes(count: count, &random), at: start)
            }
            if round % 7 == 0 {
                file.truncate(to: Int.random(in: 8 * 512..<file.bytes.count, using: &random))
            }
            _ = readable(try file.open(recovers: true))
        }
    }

    /// The results are kept, with the damage.
    @Test func whatWasFoundIsKept() throws {
        var file = try stream()
        for number in [5, 9] { file.put([UInt8](repeating: 0, count: 512), at: place(number, file)) }
        let header = try SparseExtentHeader(MemorySource(file.bytes))
        let scan = try GrainScan(MemorySource(file.bytes), header)
        let source = ObservedSource(file.bytes)
        let unpacked = try GrainScan(scan.packed(level: 3), source, header)
        #expect(unpacked.summary == scan.summary && unpacked.tables == scan.tables && source.reads == 0)
        #expect(scan.summary.hasSuffix(", with damage at \(place(5, file)) and in 1 more place"))
    }
}
