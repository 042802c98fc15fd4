import CZlib
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import VitrineFormats

/// Sparse extents of every layout, built by hand.
@Suite struct VMDKSparseTests {
    static let text = (0..<VMDKFile.grainSize).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }

    static func compressed(_ data: [UInt8], level: Int32 = 6) throws -> [UInt8] {
        var count = compressBound(UInt(data.count))
        var output = [UInt8](repeating: 0, count: Int(count))
        let status = unsafe compress2(&output, &count, data, UInt(data.count), level)
        try #require(status == Z_OK)
        return Array(output[..<Int(count)])
    }

    /// The layouts of streams that exist.
    enum Layout: CaseIterable { case footer, front, patched, trailing, padded }

    /// A stream of 16 grains; the last is short by 3 sectors.
    private func stream(
        _ layout: Layout, firstSector: Int = 8
    ) throws -> (file: VMDKFile, content: [UInt8]) {
        var file = VMDKFile(
            missing: 3, version: 3, flags: 0x30001, compressed: true, firstSector: firstSector)
        if layout == .front { file.append([UInt8](repeating: 0, count: 2048 + 512)) }
        file.put(UInt64(file.sectors), at: 64)
        var content = [UInt8](repeating: 0, count: 16 * 4096 - 3 * 512)
        var random = SeededGenerator(seed: 3)
        for number in [0, 1, 5, 15] {
            // What does not compress takes more than a grain.
            let data = number == 5 ? TestContent.random.bytes(count: 4096, &random) : Self.text
            let count = number == 15 ? 4096 - 3 * 512 : 4096
            content.replaceSubrange(number * 4096..<number * 4096 + count, with: data[..<count])
            file.addCompressed(number, try Self.compressed(Array(data[..<count]), level: number == 5 ? 0 : 6))
        }
        if layout == .front {
            let tail = Array(file.table.flatMap { entry in (0..<4).map { UInt8(entry >> ($0 * 8) & 0xFF) } })
            file.put(tail, at: 8 * 512)
            file.put(UInt32(8), at: 12 * 512)
            file.put(UInt64(12), at: 56)
            file.addMarker(0, sectors: 0)
        } else {
            file.put(UInt64.max, at: 56)
            let table = file.addTable(marked: true)
            let directory = file.addDirectory(table, marked: true)
            file.addFooter(directory)
            if layout == .patched { file.put(directory, at: 56) }
            if layout == .trailing { file.append([UInt8](repeating: 0x55, count: 70_000)) }
            if layout == .padded { file.append([UInt8](repeating: 0, count: 10 * 512)) }
        }
        return (file, content)
    }

    @Test(arguments: Layout.allCases)
    func streams(_ layout: Layout) throws {
        let (file, content) = try stream(layout)
        let image = try file.open()
        #expect(image.size == UInt64(content.count))
        #expect(try image.disk.bytes(at: 0, count: content.count) == content)
        #expect(
            try DiskChecks.extents(image.disk) == [
                Extent(0..<8192, .data), Extent(8192..<5 * 4096, .hole), Extent(5 * 4096..<6 * 4096, .data),
                Extent(6 * 4096..<15 * 4096, .hole), Extent(15 * 4096..<UInt64(content.count), .data),
            ])
    }

    @Test func truncatedStream() throws {
        var (file, content) = try stream(.footer)
        file.truncate(to: Int(file.table[15]) * 512 + 100)
        let error = #expect(throws: ImageError.self) { try file.open() }
        #expect(
            error?.description
                == "vmdk: gdOffset at 56 says that there is a footer, but there is none: the stream is cut short at "
                + "\(file.bytes.count), and 3 of 16 grains are there, the last for disk offset 20480"
        )
        #expect(error?.remedy == Remedy(.recover, nil, "serves these"))
        let image = try file.open(recovers: true)
        #expect(
            image.warnings.contains(
                "vmdk: the stream is cut short at \(file.bytes.count): 3 of 16 grains are there, the last for disk "
                    + "offset 20480, and reading what is missing fails"))
        for number in [0, 1, 5] {
            let part = number * 4096..<number * 4096 + 4096
            #expect(try image.disk.bytes(at: UInt64(part.lowerBound), count: 4096) == Array(content[part]))
        }
        for number in [2, 14, 15] as [UInt64] {
            let missing = #expect(throws: ImageError.self) {
                try image.disk.bytes(at: number * 4096, count: 1)
            }
            #expect(missing?.reason.hasSuffix("is missing: the stream is cut short") == true)
        }
    }

    /// The end may be missing even if the directory, or its place, is in front.
    @Test(arguments: [Layout.front, .patched])
    func everyTruncation(_ layout: Layout) throws {
        let (sound, content) = try stream(layout)
        let last = Int(sound.table[15]) * 512
        let size = try Fields(sound.bytes, at: 0).little("size", at: last + 8, as: UInt32.self)
        // What follows the data is the end-of-stream marker of one layout, and all tables of the other.
        let end = layout == .front ? last + 12 + Int(size) : sound.bytes.count - 4 * 512 + 4
        for count in stride(from: sound.bytes.count, to: 512, by: -256) {
            var file = sound
            file.truncate(to: count)
            guard count < end else {
                let image = try file.open()
                let isWhole = try image.disk.bytes(at: 0, count: content.count) == content
                #expect(isWhole && image.warnings.count == 1, "\(count)")
                continue
            }
            let error = #expect(throws: ImageError.self, "\(count)") { try file.open() }
            #expect(error?.code == .corrupt && error?.remedy?.setting == .recover, "\(count)")
            guard let image = try? file.open(recovers: true) else {
                Issue.record("nothing is recovered of \(count) bytes")
                continue
            }
            for number in 0..<16 {
                let range = number * 4096..<min(content.count, number * 4096 + 4096)
                guard let bytes = try? image.disk.bytes(at: UInt64(range.lowerBound), count: range.count)
                else {
                    continue
                }
                let isRight = bytes == Array(content[range])
                #expect(isRight, "grain \(number) of \(count) bytes")
            }
        }
    }

    @Test func truncatedStreamWithTablesInFront() throws {
        var (file, content) = try stream(.front)
        file.truncate(to: Int(file.table[5]) * 512 + 700)
        let text =
            "the stream is cut short: 2 of the 4 grains that its tables name lie past the end of the file at "
            + "\(file.bytes.count), the first for disk offset 20480"
        let error = #expect(throws: ImageError.self) { try file.open() }
        #expect(error?.description == "vmdk: \(text)")
        #expect(error?.remedy == Remedy(.recover, nil, "serves the others"))
        let image = try file.open(recovers: true)
        #expect(image.warnings.contains("vmdk: \(text), and reading these fails"))
        #expect(try image.disk.bytes(at: 0, count: 5 * 4096) == Array(content[..<(5 * 4096)]))
        #expect(try image.disk.bytes(at: 6 * 4096, count: 9 * 4096) == [UInt8](repeating: 0, count: 9 * 4096))
        for number in [5, 15] as [UInt64] {
            #expect(throws: ImageError.self) { try image.disk.bytes(at: number * 4096, count: 1) }
        }
        file.truncate(to: 10 * 512)
        let tables = #expect(throws: ImageError.self) { try file.open() }
        #expect(
            tables?.description
                == "vmdk: gdOffset is 12: a grain directory of 4 bytes there passes the end of the file at 5120: the "
                + "stream is cut short at 5120, and 0 of 16 grains are there")
    }

    /// A complete stream is opened without going through its grains or its tables.
    @Test(arguments: Layout.allCases)
    func openingIsCheap(_ layout: Layout) throws {
        let (file, _) = try stream(layout)
        let source = ObservedSource(file.bytes)
        let extent = try SparseExtent(
            source, OpenContext(engine: Engine(memory: Engine.minimumMemory, threads: 2), opener: Registry()))
        #expect(!extent.isRecovered)
        if layout == .front || layout == .footer { #expect(source.bytesRead < 4096) }
    }

    /// An empty disk has no missing data.
    @Test func noCapacity() throws {
        for layout in Layout.allCases {
            for recovers in [false, true] {
                var (file, _) = try stream(layout)
                file.put(UInt64(0), at: 12)
                if let image = try? file.open(recovers: recovers) { #expect(image.size == 0) }
                file.truncate(to: 9 * 512 + 100)
                if let image = try? file.open(recovers: recovers) { #expect(image.size == 0) }
            }
        }
    }

    @Test func damagedGrains() throws {
        var (file, _) = try stream(.footer)
        let start = Int(file.table[0]) * 512
        file.put(UInt64(8), at: start)
        file.put(UInt8(file.bytes[Int(file.table[1]) * 512 + 40] ^ 0xFF), at: Int(file.table[1]) * 512 + 40)
        let disk = try file.open().disk
        let wrong = #expect(throws: ImageError.self) { try disk.bytes(at: 0, count: 1) }
        #expect(
            wrong?.description
                == "vmdk: compressed grain at \(start): has a marker for sector 8, expected 0")
        let damaged = #expect(throws: ImageError.self) { try disk.bytes(at: 4096, count: 1) }
        #expect(damaged?.reason.contains("bytes is damaged: ") == true)
    }

    @Test func zeroedGrains() throws {
        var file = VMDKFile(version: 2, flags: 7)
        file.addGrain(0, Self.text)
        file.setEntry(1, 1)
        let disk = try file.finished().open().disk
        #expect(try disk.bytes(at: 0, count: 12_288) == Self.text + [UInt8](repeating: 0, count: 8192))
        #expect(try disk.depth(in: 4096..<65_536) == Allocation(4096..<8192, depth: 1))
        var other = VMDKFile()
        other.setEntry(1, 1)
        let bad = try other.finished().open().disk
        let error = #expect(throws: ImageError.self) { try bad.bytes(at: 4096, count: 1) }
        #expect(
            error?.description
                == "vmdk: grain table entry at 4100 is 1: a grain of zeroes, but the flags at 8 allow none"
        )
    }

    /// An entry of 1 is a grain's place if, by the header, nothing else is there.
    @Test(arguments: [Layout.footer, .patched])
    func grainInSector1(_ layout: Layout) throws {
        let (file, content) = try stream(layout, firstSector: 1)
        #expect(file.table[0] == 1)
        let image = try file.open()
        #expect(try image.disk.bytes(at: 0, count: content.count) == content)
        // With the flag for grains of zeroes it is one of them.
        var zeroed = file
        zeroed.put(UInt32(0x30005), at: 8)
        zeroed.put(UInt32(0x30005), at: file.bytes.count - 1024 + 8)
        #expect(try zeroed.open().disk.bytes(at: 0, count: 4096) == [UInt8](repeating: 0, count: 4096))
        // A descriptor in sector 1, a directory there, or other grains first: that is no grain.
        for (value, offset) in [(1, 28), (1, 48), (2, 64)] as [(UInt64, Int)] {
            var other = file
            other.put(value, at: offset)
            if offset == 28 { other.put(UInt64(1), at: 36) }
            if offset == 48 { other.put(UInt32(0x30003), at: 8) }
            let disk = try other.open().disk
            let error = #expect(throws: ImageError.self) { try disk.bytes(at: 0, count: 1) }
            #expect(error?.reason.contains(" is 1: a grain of zeroes, but the flags at 8 allow none") == true)
            #expect(try disk.bytes(at: 4096, count: 4096) == Array(content[4096..<8192]))
        }
    }

    /// Going through a stream finds that grain too, and counts it.
    @Test func grainInSector1IsRecovered() throws {
        var (file, content) = try stream(.footer, firstSector: 1)
        for overhead in [0, 1] as [UInt64] {
            file.put(overhead, at: 64)
            file.truncate(to: Int(file.table[15]) * 512 + 100)
            let image = try file.open(recovers: true)
            #expect(
                image.warnings.contains {
                    $0.contains(": 3 of 16 grains are there, the last for disk offset 20480")
                })
            #expect(try image.disk.bytes(at: 0, count: 8192) == Array(content[..<8192]))
        }
        // One in a table that is there, and alone in it.
        var alone = VMDKFile(version: 3, flags: 0x30001, compressed: true, firstSector: 1)
        alone.addCompressed(0, try Self.compressed(Self.text))
        alone.put(UInt64.max, at: 56)
        _ = alone.addTable(marked: true)
        let disk = try alone.open(recovers: true).disk
        #expect(try disk.bytes(at: 0, count: 65_536) == Self.text + [UInt8](repeating: 0, count: 61_440))
    }

    @Test func redundantDirectory() throws {
        var file = VMDKFile()
        file.addGrain(3, Self.text)
        let table = file.addTable()
        file.put(file.addDirectory(table), at: 48)
        file.put(file.addDirectory(9_999_999), at: 56)
        let image = try file.open()
        #expect(try image.disk.bytes(at: 3 * 4096, count: 4096) == Self.text)
        #expect(
            image.warnings.contains(
                "vmdk: 1 of 1 grain tables lie past the end of the file: the redundant ones are used"))
        file.put(UInt64(1 << 40), at: 56)
        #expect(try file.open().disk.bytes(at: 3 * 4096, count: 4096) == Self.text)
        file.put(UInt32(1), at: 8)
        let error = #expect(throws: ImageError.self) { try file.open() }
        #expect(
            error?.description
                == "vmdk: gdOffset is 1099511627776: a grain directory of 4 bytes there passes the end of the file at "
                + "\(file.bytes.count)")
    }

    /// A table that cannot be read has a second copy.
    @Test func redundantTable() throws {
        var file = VMDKFile(grains: 1024)
        file.addGrain(3, Self.text)
        file.addGrain(600, Self.text)
        let spare = (file.addTable(0), file.addTable(1))
        file.put(file.addDirectory(spare.0, spare.1), at: 48)
        let tables = (file.addTable(0), file.addTable(1))
        file.put(file.addDirectory(tables.0, tables.1), at: 56)
        let start = UInt64(tables.0) * 512
        let warnings = Mutex<[String]>([])
        var options = OpenOptions(engine: Engine(memory: Engine.minimumMemory, threads: 2))
        options.warn = { warning in warnings.withLock { $0.append(warning) } }
        let source = ObservedSource(file.bytes, failing: start..<UInt64(tables.1) * 512 + 10)
        let image = try Image("disk.vmdk", source, options)
        #expect(image.warnings.count == 1, "there is no descriptor")
        for number in [3, 600] as [UInt64] {
            #expect(try image.disk.bytes(at: number * 4096, count: 4096) == Self.text)
            #expect(try image.disk.bytes(at: number * 4096 + 4096, count: 1) == [0])
        }
        #expect(
            warnings.withLock { $0 } == [
                "vmdk: the grain table at \(start) cannot be read, so the redundant one is used: bytes \(start) to "
                    + "\(UInt64(tables.1) * 512 + 10) are bad"
            ])
        // Without leave to use it, it is not.
        file.put(UInt32(1), at: 8)
        let other = ObservedSource(file.bytes, failing: start..<start + 1)
        let disk = try Image("disk.vmdk", other, options).disk
        #expect(throws: ImageError.self) { try disk.bytes(at: 3 * 4096, count: 1) }
        #expect(try disk.bytes(at: 600 * 4096, count: 4096) == Self.text)
    }

    @Test(arguments: [
        (4, 4, "version at 4 is 4, expected 1...3"),
        (20, 3, "grainSize at 20 is 3, numGTEsPerGT at 44 512, expected powers of 2, the latter 512 at most"),
        (20, 1 << 30, "grainSize at 20 is 1073741824, expected 2097152 at most"),
        (
            44, 1024,
            "grainSize at 20 is 8, numGTEsPerGT at 44 1024, expected powers of 2, the latter 512 at most"
        ),
        (
            16, 1 << 16,
            "capacity at 12 is 281474976710784, which takes a grain directory of 68719476737 entries, expected "
                + "4194304 at most"
        ),
        (73, 0x0A0A_200A, "newline bytes at 73 is 0a 20 0a 0a, expected 0a 20 0d 0a"),
    ])
    func hostileHeaders(_ offset: Int, _ value: Int, _ text: String) throws {
        var file = VMDKFile().finished()
        file.put(UInt32(value), at: offset)
        let error = #expect(throws: ImageError.self) { try file.open() }
        #expect(error?.description == "vmdk: \(text)")
    }

    @Test func anyByteMayBeWrong() throws {
        for layout in [Layout.footer, .front] {
            let (sound, _) = try stream(layout)
            let soundDisk = try sound.open().disk
            let places = sound.bytes.indices.filter { sound.bytes[$0] != 0 }
            var random = SeededGenerator(seed: 5)
            for round in 0..<600 {
                var file = sound
                for _ in 0...round % 3 {
                    file.put(
                        UInt8.random(in: 0...255, using: &random),
                        at: round % 2 == 0
                            ? Int.random(in: 0..<80, using: &random)
                            : places.randomElement(using: &random) ?? 0)
                }
                if round % 7 == 0 { file.truncate(to: Int.random(in: 1..<file.bytes.count, using: &random)) }
                let isHeaderSound = file.bytes.prefix(80).elementsEqual(sound.bytes.prefix(80))
                guard let disk = try? file.open(recovers: round % 5 == 0).disk,
                    let again = try? file.open(recovers: round % 5 == 0).disk
                else { continue }
                for start in stride(from: 0, to: min(disk.size, 100_000), by: 10_000) {
                    let count = Int(min(10_000, disk.size - start))
                    if let extent = try? disk.extent(in: start..<start + UInt64(count)), extent.kind != .data
                    {
                        let length = Int(extent.range.upperBound - start)
                        #expect(try disk.bytes(at: start, count: length).allSatisfy { $0 == 0 })
                    }
                    guard let bytes = try? disk.bytes(at: start, count: count) else { continue }
                    // In other pieces, and from the other end, it is the same.
                    for index in stride(from: count - 1000, through: 0, by: -4500) {
                        #expect(
                            try again.bytes(at: start + UInt64(index), count: 1000)
                                == Array(bytes[index..<index + 1000]))
                    }
                    // Grains say where they belong, and have a checksum: they are right, or what a table leaves out is zeroes.
                    guard isHeaderSound, start + UInt64(count) <= soundDisk.size else { continue }
                    let expected = try soundDisk.bytes(at: start, count: count)
                    #expect(
                        bytes == expected || zip(bytes, expected).allSatisfy { $0 == $1 || $0 == 0 },
                        "round \(round), at \(start)")
                }
            }
        }
    }
}
