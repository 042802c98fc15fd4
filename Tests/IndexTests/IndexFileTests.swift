import FoundationEssentials
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineIndex

@Suite struct IndexFileTests {
    static let golden = CorpusFile.root.appending(path: "corpus/golden-index.sidx")
    static let subject = IndexSubject(
        kind: SeekKind.xz.number, fingerprint: .none, inputSize: 100_000, size: (1 << 22) + 12345)
    static let spans = [
        SeekSpan(range: 0..<1 << 20, input: 24, time: 95_000),
        SeekSpan(range: 1 << 20..<(1 << 20) + 1, input: 5000, time: 7),
        SeekSpan(range: 3 << 20..<(1 << 22) + 12345, input: 99_999, time: .max),
    ]
    static let details = [Array("first detail".utf8), [], Array(0..<40)]
    static let zeroes: [Range<UInt64>] = [
        0..<65_536, (1 << 20) - 4096..<(1 << 20) + 1, 3 << 20..<(3 << 20) + 262_144,
    ]

    private func goldenBytes() throws -> [UInt8] { try Array(Data(contentsOf: Self.golden)) }

    @Test func goldenFileIsRead() throws {
        let index = try IndexFile(MemorySource(goldenBytes()))
        #expect(index.subject == Self.subject)
        #expect(index.name == "disk é.raw.xz")
        #expect(index.records.map(\.span) == Self.spans)
        #expect(try index.records.map { try index.detail(of: $0) } == Self.details)
        #expect(index.records.map(\.detailOffset) == [0, 12, 12])
        #expect(index.zeroes == Self.zeroes)
    }

    @Test func goldenFileIsWritten() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "new.sidx")
            let index = StoredIndex(
                Self.subject, name: "disk é.raw.xz", place: IndexLocation(path: SystemString(path.path))
            ) { Issue.record("\($0)") }
            for number in [2, 0, 1] {
                _ = index.add(
                    Self.spans[number], detail: Self.details[number],
                    zeroes: Self.zeroes.map { $0.clamped(to: Self.spans[number].range) })
            }
            try index.save()
            #expect(try Array(Data(contentsOf: path)) == goldenBytes())
        }
    }

    @Test func cutAnywhereIsRefused() throws {
        let bytes = try goldenBytes()
        for count in 0..<bytes.count {
            #expect(throws: ImageError.self) { try IndexFile(MemorySource(Array(bytes.prefix(count)))) }
        }
        #expect(throws: ImageError.self) { try IndexFile(MemorySource(bytes + [0])) }
    }

    @Test(arguments: [0x01, 0x80, 0xFF] as [UInt8])
    func flippedAnywhereIsNoticed(_ mask: UInt8) throws {
        let golden = try IndexFile(MemorySource(goldenBytes()))
        var noticed = 0
        for position in try goldenBytes().indices {
            var bytes = try goldenBytes()
            bytes[position] ^= mask
            guard let index = try? IndexFile(MemorySource(bytes)) else {
                noticed += 1
                continue
            }
            // Then it is in the details, which are read one by one.
            #expect(index.records == golden.records && index.zeroes == golden.zeroes)
            #expect(index.name == golden.name && index.subject == golden.subject)
            let details = index.records.map { record in try? index.detail(of: record) }
            #expect(details.count { $0 == nil } == 1)
            for (detail, expected) in zip(details, Self.details) where detail != nil {
                #expect(detail == expected)
            }
        }
        #expect(try noticed == goldenBytes().count - Self.details.joined().count)
    }

    @Test func aForgedIndexIsRead() throws {
        var forged = ForgedIndex()
        // A later minor version, an optional feature, and a section that may be skipped.
        forged.header = [10: 9, 32: 1]
        forged.extra = [(0x0000_0077, [1, 2, 3]), (4, Array("a\u{1B}b".utf8))]
        let index = try IndexFile(MemorySource(forged.bytes))
        #expect(index.records.map(\.span.range) == [0..<1000, 2000..<3000])
        #expect(index.zeroes == [0..<500, 2100..<3000])
        #expect(index.name == "a\\u{1B}b")
        #expect(try index.detail(of: index.records[1]) == [4, 5, 6, 7])
    }

    @Test func whatContradictsTheFormatIsRefused() {
        func expect(_ text: String, _ change: (inout ForgedIndex) -> Void) {
            var forged = ForgedIndex()
            change(&forged)
            let error = #expect(throws: ImageError.self) { try IndexFile(MemorySource(forged.bytes)) }
            #expect(error?.description == text)
        }
        expect("major version at 8 is 3, expected 2") { $0.header[8] = 3 }
        expect("header length at 12 is 4352, expected 4096") { $0.header[13] = 0x11 }
        expect("layer kind at 16 is 99, expected one of 1, 2, 3") { $0.header[16] = 99 }
        expect("piece length at 20 is 131073, expected 131072") { $0.header[20] = 1 }
        expect("breaking features at 24 are 0x1, expected 0x0") { $0.header[24] = 1 }
        expect("section count at 88 is 65, expected 64 at most") { $0.header[88] = 65 }
        expect("a section of type 0x80000077 is not known") { $0.extra = [(0x8000_0077, [])] }
        expect("there are 2 sections of type 0x80000001") { $0.extra = [(0x8000_0001, [])] }
        expect("there is no section of spans, or none of details") {
            $0.header[96] = 9; $0.header[99] = 0
        }
        expect("section hash of the details is 0x1, expected 0x0") { $0.header[120] = 1 }
        expect("section at 128 has 96 bytes at 4095, expected to lie from 4104 to 4232") { $0.shift = -9 }
        expect("section at 128 has 96 bytes at 18446744073709551615, expected to lie from 4104 to 4232") {
            $0.shift = -4105
        }
        expect("section at 160 has 32 bytes at 4200, expected to lie from 4201 to 4232") { $0.shift = 1 }
        expect("section of type 0x4 has 1025 bytes, at most 1024 are read") {
            $0.extra = [(4, [UInt8](repeating: 65, count: 1025))]
        }
        expect("section at 4104 has 95 bytes, expected a multiple of 48") { $0.cut = 1 }
        expect("span at 4104 is 0 to 0 from 10, expected to lie in 1048576 bytes from 100000") {
            $0.records[0].end = 0
        }
        expect("span at 4104 is 9 to 3 from 10, expected to lie in 1048576 bytes from 100000") {
            ($0.records[0].start, $0.records[0].end) = (9, 3)
        }
        expect("span at 4152 is 2000 to 1048577 from 20, expected to lie in 1048576 bytes from 100000") {
            $0.records[1].end = 1_048_577
        }
        expect("span at 4152 is 2000 to 3000 from 100000, expected to lie in 1048576 bytes from 100000") {
            $0.records[1].input = 100_000
        }
        expect("span at 4152 starts at 999, expected 1000 or more") { $0.records[1].start = 999 }
        expect("detail length at 4132 is 268435457, expected 268435456 at most") {
            $0.records[0].detailCount = 268_435_457
        }
        expect("span at 4152 has 5 bytes of detail at 4, expected to lie from 4 to 8") {
            $0.records[1].detailCount = 5
        }
        expect("span at 4152 has 4 bytes of detail at 3, expected to lie from 4 to 8") {
            $0.records[1].detailOffset = 3
        }
        expect("span at 4152 has 4 bytes of detail at 9223372036854775807, expected to lie from 4 to 8") {
            $0.records[1].detailOffset = UInt64(Int64.max)
        }
        expect("zeroes at 4216 are 500 to 500") { $0.zeroes[1] = (500, 500) }
        let misplaced = "zeroes from 4200 on overlap, or lie where no span is"
        expect(misplaced) { $0.zeroes[1] = (500, 600) }
        expect(misplaced) { $0.zeroes[1] = (400, 600) }
        expect(misplaced) { $0.zeroes[1] = (1500, 2500) }
        expect(misplaced) { $0.zeroes[0] = (0, 1001) }
    }
}
