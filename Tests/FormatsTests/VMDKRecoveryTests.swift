import Synchronization
import TestSupport
import Testing

@testable import VitrineFormats

/// Streams without a grain directory: the results of going from marker to marker, and how these are kept.
@Suite struct VMDKRecoveryTests {
    private struct Indexes: SeekIndexes {
        let index: FakeIndex
        func index(
            of file: any Source, _ kind: SeekKind, depth: Int, size: UInt64?,
            digest: () throws(ImageError) -> [UInt8]
        ) -> (any SeekIndex)? {
            kind == .vmdk && depth == 0 ? index : nil
        }
    }

    private static let grains = [0, 5, 511, 515, 520, 1030]

    /// A stream of 1536 grains in three tables. Only the first `tables` of these are there, and the directory if all
    /// are.
    private func stream(tables: Int) throws -> VMDKFile {
        var file = VMDKFile(grains: 1536, version: 3, flags: 0x30001, compressed: true)
        file.put(UInt64(file.sectors), at: 64)
        file.put(UInt64.max, at: 56)
        let data = try VMDKSparseTests.compressed(VMDKSparseTests.text)
        var places: [UInt32] = []
        for number in 0..<3 {
            for grain in Self.grains where grain / 512 == number { file.addCompressed(grain, data) }
            if number < tables { places.append(file.addTable(number, marked: true)) }
        }
        if tables == 3 { _ = file.addDirectory(places[0], places[1], places[2], marked: true) }
        return file
    }

    private func open(_ source: any Source, _ index: FakeIndex? = nil) throws(ImageError) -> Image {
        var options = OpenOptions(engine: Engine(memory: Engine.minimumMemory, threads: 2))
        options.formatOptions.recovers = true
        options.indexes = index.map { Indexes(index: $0) }
        return try Image("disk.vmdk", source, options)
    }

    /// The result of reading each of `numbers`: true for the text, false for zeroes, nil for an error or anything else.
    private func contents(_ image: Image, _ numbers: [Int]) -> [Bool?] {
        numbers.map { number in
            guard let bytes = try? image.disk.bytes(at: UInt64(number) * 4096, count: 4096) else {
                return nil
            }
            return bytes == VMDKSparseTests.text
                ? true : bytes == [UInt8](repeating: 0, count: 4096) ? false : nil
        }
    }

    @Test func whatWasNeverWrittenIsNotMissing() throws {
        let file = try stream(tables: 2)
        let image = try open(MemorySource(file.bytes))
        #expect(
            image.warnings.contains(
                "vmdk: the stream is cut short at \(file.bytes.count): 6 of 1536 grains are there, the last for disk "
                    + "offset \(1030 * 4096), and reading what is missing fails"))
        #expect(contents(image, Self.grains) == [true, true, true, true, true, true])
        #expect(contents(image, [1, 4, 6, 510, 512, 519, 1023]) == Array(repeating: false, count: 7))
        #expect(contents(image, [1024, 1029, 1031, 1535]) == [nil, nil, nil, nil])
        let hole = try image.disk.extent(in: 4096..<5 * 4096)
        #expect(hole == Extent(4096..<5 * 4096, .hole))
        let missing = #expect(throws: ImageError.self) { try image.disk.bytes(at: 1031 * 4096, count: 1) }
        #expect(missing?.reason.hasSuffix("is missing: the stream is cut short") == true)
    }

    /// The footer is missing, and nothing of the disk.
    @Test func directoryWithoutFooter() throws {
        let file = try stream(tables: 3)
        let image = try file.open()
        #expect(
            image.warnings.contains(
                "vmdk: gdOffset at 56 says that there is a footer, but there is none: vitrine found the "
                    + "grain directory by scanning the stream"))
        #expect(
            contents(image, Self.grains + [1, 1535]) == [true, true, true, true, true, true, false, false])
    }

    @Test(arguments: [0, 1, 2, 3])
    func whatWasFoundIsKept(_ tables: Int) throws {
        let file = try stream(tables: tables)
        let index = FakeIndex()
        let sources = [ObservedSource(file.bytes), ObservedSource(file.bytes)]
        let all = Array(stride(from: 0, to: 1536, by: 1))
        let found = try sources.map { contents(try open($0, index), all) }
        #expect(found[0] == found[1])
        #expect(index.entries.count == 1 && index.drops == 0)
        let entry = try #require(index.entries.first)
        #expect(entry.span == SeekSpan(range: 0..<1536 * 4096, input: 8 * 512, time: 0))
        let markers = [ObservedSource(file.bytes), ObservedSource(file.bytes)]
        _ = try open(markers[0])
        _ = try open(markers[1], index)
        #expect(markers[1].reads < markers[0].reads)
    }

    /// A refusal is kept too, without leave to recover, as it takes going through the stream as well.
    @Test func refusalIsKept() throws {
        let file = try stream(tables: 1)
        let index = FakeIndex()
        var options = OpenOptions(engine: Engine(memory: Engine.minimumMemory, threads: 2))
        options.indexes = Indexes(index: index)
        let errors = (0..<2).map { _ in
            #expect(throws: ImageError.self) { try Image("disk.vmdk", MemorySource(file.bytes), options) }
        }
        #expect(errors[0] == errors[1])
        #expect(errors[0]?.remedy == Remedy(.recover, nil, "serves these"))
        #expect(index.entries.count == 1)
    }

    /// A wrong index never gives wrong bytes. Once it is found to be wrong, it makes no data missing either.
    @Test(arguments: [0, 1, 2, 3])
    func wrongIndex(_ tables: Int) throws {
        let file = try stream(tables: tables)
        let index = FakeIndex()
        let numbers = Self.grains + [1, 512, 1029, 1535]
        let right = contents(try open(MemorySource(file.bytes), index), numbers)
        let entries = index.entries
        let detail = try #require(entries.first).detail
        var random = SeededGenerator(seed: 7)
        for round in 0..<200 {
            let count = Int(try Fields(detail, at: 0).little("size", at: 0, as: UInt32.self))
            var bytes = try Zstd.decompress(detail[4...], count: count)
            for _ in 0...round % 3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if round % 5 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            var packed: [UInt8] = []
            packed.append(little: UInt32(round % 17 == 0 ? UInt32.max : UInt32(bytes.count)))
            packed += Zstd.compress(bytes, level: 3)
            let wrong = packed
            let found = contents(
                try open(MemorySource(file.bytes), FakeIndex(entries, tamper: { _ in wrong })), numbers)
            for (found, right) in zip(found, right) { #expect(found == right || found == nil) }
        }
        let stale = FakeIndex(entries, tamper: { _ in [1, 2, 3] })
        #expect(contents(try open(MemorySource(file.bytes), stale), numbers) == right)
        #expect(stale.drops == 1 && stale.entries == entries)
    }

    /// A marker without room behind it has no directory. Otherwise there would be as many directories as sectors.
    @Test func directoryWithoutRoom() throws {
        var file = try stream(tables: 2)
        for _ in 0..<20 { file.addMarker(2, sectors: 0) }
        let header = try SparseExtentHeader(MemorySource(file.bytes))
        let scan = try GrainScan(MemorySource(file.bytes), header)
        #expect(scan.directory == nil && scan.tables.count == 3)
    }

    /// Tables of a few bytes count for the sectors made of them, whoever names them.
    @Test func smallTablesTakeSectors() throws {
        var file = VMDKFile(grains: 200_000, version: 3, flags: 0x30001, compressed: true)
        file.put(UInt32(1), at: 44)
        let source = MemorySource(file.bytes)
        let header = try SparseExtentHeader(source)
        func scan(tables: UInt32) throws(ImageError) -> GrainScan {
            var content = [UInt8](repeating: 0, count: 32)
            for number in 0..<tables {
                content.append(little: number)
                content.append(little: UInt32(0))
                content.append(little: UInt32(GrainLayout.missing))
            }
            var packed: [UInt8] = []
            packed.append(little: UInt32(content.count))
            return try GrainScan(packed + Zstd.compress(content, level: 1), source, header)
        }
        let most = UInt32(GrainScan.maximumTables / 512)
        let error = #expect(throws: ImageError.self) { try scan(tables: most + 1) }
        #expect(error?.code == .limit)
        #expect(try scan(tables: most).made().tables.size == UInt64(GrainScan.maximumTables) + 512)
    }
}
