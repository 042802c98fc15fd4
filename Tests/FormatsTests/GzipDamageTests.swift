import TestSupport
import Testing

@testable import VitrineFormats

/// Gzip files that are damaged, cut or longer than their data, and indexes that are wrong.
@Suite struct GzipDamageTests {
    private static let content = SeekContent.mixed(1 << 20, seed: 43)
    private static let file = GzipFile.encode(content)
    private static let entries = Result { try GzipFile.entries(of: file) }

    // MARK: Wrong indexes

    /// Reads everything twice, from `start` on. No read fails because of the index.
    private func expectRecovery(_ index: FakeIndex, from start: Int, mustDrop: Bool) throws {
        let source = try GzipFile.open(Self.file, index).source
        #expect(source.size == UInt64(Self.content.count))
        for start in [start, 0] {
            for offset in stride(from: start, to: Self.content.count, by: 100_000) {
                let count = min(100_000, Self.content.count - offset)
                let bytes = try source.bytes(at: UInt64(offset), count: count)
                let isRight = bytes == Array(Self.content[offset..<offset + count])
                #expect(isRight, "at \(offset)")
            }
        }
        #expect(index.drops > 0 || !mustDrop)
        // Once by the map of what is known, and once by the pass that met the error.
        #expect(index.drops <= 2, "what was learnt anew was dropped again")
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        #expect(source.indexState.isComplete)
    }

    private static func unpacked(_ entry: FakeIndex.Entry) throws(ImageError) -> SpanDetail {
        try SpanDetail(entry.detail, pieces: entry.span.pieces, limit: 16 << 20)
    }

    /// The ways in which a detail can be wrong.
    private enum Wrong: CaseIterable {
        case missing, truncated, garbage, empty, ofAnother, hashes, window, fresh
        // Fields of the state.
        case start, blockHeader, bit, farBit, history, hugeHistory, crc, count, failures, stateLength

        /// True if it need not show: nothing may read that byte, or only a pass over the whole member needs it.
        var mayBeInVain: Bool {
            switch self {
            case .window, .history, .crc, .count, .failures: true
            default: false
            }
        }
    }

    @Test(arguments: Wrong.allCases) private func detailIsWrong(_ wrong: Wrong) throws {
        let whole = try Self.entries.get()
        try #require(whole.count > 3)
        let middle = whole.count / 2
        let other = whole[middle - 1].detail
        // All spans are known, or those up to the wrong one, which the pass then starts from.
        for known in [whole, Array(whole[...middle])] {
            let victim = whole[middle].span
            let index = FakeIndex(
                known,
                tamper: { entry throws(ImageError) in
                    guard entry.span == victim else { return entry.detail }
                    var detail = try Self.unpacked(entry)
                    switch wrong {
                    case .missing: throw ImageError(.io, "gone")
                    case .truncated: return Array(entry.detail.dropLast())
                    case .garbage: return entry.detail.map { $0 ^ 0x55 }
                    case .empty: return []
                    case .ofAnother: return other
                    case .hashes: detail.hashes[0] ^= 1
                    case .window:
                        detail.window = SparseWindow(
                            runs: detail.window.runs, bytes: detail.window.bytes.map { $0 ^ 0xFF })
                    case .fresh: detail.state = []
                    case .start: detail.state[0] ^= 1
                    case .blockHeader: detail.state[8] ^= 8
                    case .bit: detail.state[16] ^= 1
                    case .farBit: detail.state[22] ^= 0xFF
                    case .history: detail.state[25] ^= 0x7F
                    case .hugeHistory: detail.state[27] ^= 0xFF
                    case .crc: detail.state[28] ^= 1
                    case .count: detail.state[32] ^= 1
                    case .failures: detail.state[40] ^= 1
                    case .stateLength: detail.state.removeLast()
                    }
                    return detail.packed(level: 1)
                })
            try expectRecovery(
                index, from: Int(victim.range.lowerBound) + 1, mustDrop: !wrong.mayBeInVain)
        }
    }

    /// The check of the member shows what the pieces' hashes do not: a pass from a wrong check is made anew.
    @Test(arguments: [28, 32, 40]) func aPassFromAWrongCheckIsMadeAnew(_ place: Int) throws {
        let whole = try Self.entries.get()
        for known in [whole, Array(whole.dropLast(2))] {
            let victim = try #require(known.last?.span)
            let index = FakeIndex(
                known,
                tamper: { entry throws(ImageError) in
                    guard entry.span == victim else { return entry.detail }
                    var detail = try Self.unpacked(entry)
                    detail.state[place] ^= 1
                    return detail.packed(level: 1)
                })
            try expectRecovery(index, from: 0, mustDrop: true)
        }
    }

    /// Without a pass nothing tells if the index or the file is wrong, but nothing of either is given out.
    @Test func withoutAPassNothingIsReadThroughAWrongIndex() throws {
        let whole = try Self.entries.get()
        let victim = try #require(whole.last?.span)
        let index = FakeIndex(
            whole,
            tamper: { entry throws(ImageError) in
                guard entry.span == victim else { return entry.detail }
                var detail = try Self.unpacked(entry)
                detail.hashes[0] ^= 1
                return detail.packed(level: 1)
            })
        var policy = FirstPass.Policy()
        policy.isAllowed = false
        let source = (try? GzipFile.tryOpening(MemorySource(Self.file), index, policy: policy))?.source
        #expect(source == nil)
    }

    @Test func spansAreNotWhereTheyAreSaidToBe() throws {
        let whole = try Self.entries.get()
        let changes: [@Sendable (inout SeekSpan) -> Void] = [
            { $0.input += 1 }, { $0.input = 0 }, { $0.input = .max },
            { $0.range = $0.range.lowerBound..<$0.range.upperBound - 1 },
            { $0.range = $0.range.lowerBound..<$0.range.upperBound + 1 },
            { $0.range = $0.range.lowerBound..<1 << 62 },
        ]
        for change in changes {
            for place in [whole.count / 2, whole.count - 1] {
                var known = whole
                change(&known[place].span)
                try expectRecovery(
                    FakeIndex(known), from: Int(whole[place].span.range.lowerBound), mustDrop: false)
            }
        }
    }

    @Test func theFileHasChangedSinceItWasIndexed() throws {
        var changed = Self.content
        for index in 500_000..<600_000 { changed[index] ^= 0x11 }
        let index = FakeIndex(try Self.entries.get())
        let source = try GzipFile.open(GzipFile.encode(changed), index).source
        #expect(source.size == UInt64(changed.count))
        let bytes = try source.bytes(at: 0, count: changed.count)
        #expect(bytes == changed)
        #expect(index.drops == 1)
    }

    // MARK: Damage

    /// Content that compresses well, so that several spans take few bytes of the file.
    private static let small = (0..<220_000).map { index -> UInt8 in
        UInt8(truncatingIfNeeded: index / 7 % 61 + index / 5000 * 3 + (index % 997 == 0 ? index >> 9 : 0))
    }
    private static let smallFile = GzipFile.encode(small)
    /// Each chunk of it makes a span.
    private static let smallCost: UInt64 = 10_000

    private func tryOpening(_ file: [UInt8], recovers: Bool) throws(ImageError) -> FirstPass.Opened {
        let opened = try GzipFile.tryOpening(
            MemorySource(file), recovers: recovers, spanCost: Self.smallCost)
        guard let opened else { throw ImageError(.refused, "a pass that is allowed was not made") }
        return opened
    }

    private func content(_ opened: FirstPass.Opened) throws -> [UInt8] {
        try opened.source.bytes(at: 0, count: Int(opened.source.size))
    }

    /// The bytes that the deflate data of `smallFile` before the offset `end` holds.
    private func decodable(before end: Int) -> [UInt8] {
        guard end > 10 else { return [] }
        return RawDeflate.inflateWithZlib(Array(Self.smallFile[10..<end]), limit: Self.small.count).output
    }

    @Test func aSmallFileHasSeveralSpans() throws {
        #expect(try GzipFile.entries(of: Self.smallFile, spanCost: Self.smallCost).count > 2)
        #expect((2000..<20_000).contains(Self.smallFile.count), "\(Self.smallFile.count)")
    }

    @Test(arguments: [0x01, 0x80, 0xFF] as [UInt8])
    func damageIsAnErrorOrChangesNothing(_ mask: UInt8) throws {
        for place in stride(from: 0, to: Self.smallFile.count, by: 200) {
            var file = Self.smallFile
            file[place] ^= mask
            do throws(ImageError) {
                let opened = try tryOpening(file, recovers: false)
                let isSame = (try? content(opened)) == Self.small
                #expect(isSame, "at \(place)")
                #expect(opened.warnings == [], "at \(place)")
            } catch {
                #expect(error.code == .corrupt || error.code == .unsupported, "at \(place): \(error)")
            }
        }
    }

    @Test(arguments: [0x01, 0xFF] as [UInt8])
    func whatComesBeforeDamageIsServed(_ mask: UInt8) throws {
        for place in stride(from: 0, to: Self.smallFile.count, by: 200) {
            var file = Self.smallFile
            file[place] ^= mask
            let opened = try tryOpening(file, recovers: true)
            let bytes = try content(opened)
            #expect(bytes.starts(with: decodable(before: place)), "at \(place)")
            // What a changed byte decodes to may be anything, but then somebody is told.
            #expect(bytes == Self.small || !opened.warnings.isEmpty, "at \(place)")
            #expect(opened.source.indexState.isComplete)
        }
    }

    /// The last bytes, one by one: the end of the deflate data, and the trailer.
    @Test func damageInTheTrailerIsToldAndLosesNothing() throws {
        for place in Self.smallFile.count - 8..<Self.smallFile.count {
            var file = Self.smallFile
            file[place] ^= 0x10
            let error = #expect(throws: ImageError.self) { try tryOpening(file, recovers: false) }
            let field =
                place < file.count - 4 ? "CRC-32 of a member at " : "size of a member, modulo 2^32, at "
            #expect(error?.reason.hasPrefix(field) == true, "\(String(describing: error))")
            #expect(error?.remedy?.setting == .recover)
            let opened = try tryOpening(file, recovers: true)
            let bytes = try content(opened)
            #expect(bytes == Self.small)
            #expect(opened.warnings.count == 1)
            #expect(opened.warnings.first?.hasPrefix(field) == true)
        }
    }

    @Test func aCutFileIsAnErrorThatSaysWhere() throws {
        for end in Array(stride(from: 1, to: Self.smallFile.count, by: 97)) + [Self.smallFile.count - 1] {
            let cut = Array(Self.smallFile[..<end])
            let error = #expect(throws: ImageError.self) { try tryOpening(cut, recovers: false) }
            #expect(error?.code == .corrupt)
            #expect(
                error?.reason.contains("ends at \(end), in the ") == true, "\(String(describing: error))")
        }
    }

    @Test func whatThereIsOfACutFileIsServed() throws {
        for end in Array(stride(from: 1, to: Self.smallFile.count, by: 97)) + [Self.smallFile.count - 1] {
            let opened = try tryOpening(Array(Self.smallFile[..<end]), recovers: true)
            let expected = decodable(before: end)
            #expect(opened.source.size == UInt64(expected.count), "cut at \(end)")
            let bytes = try content(opened)
            #expect(bytes == expected, "cut at \(end)")
            #expect(Self.small.starts(with: bytes), "cut at \(end)")
            #expect(opened.warnings.count == 1, "cut at \(end)")
            #expect(opened.warnings.first?.contains("ends at \(end), in the ") == true, "cut at \(end)")
        }
    }

    /// What an opening without recovery has found out before the damage serves one with it, and nothing is missing then.
    @Test func anIndexOfADamagedFileIsCompletedByRecovery() throws {
        let cut = Array(Self.file[..<(Self.file.count / 3 * 2)])
        let index = FakeIndex()
        #expect(throws: ImageError.self) { try GzipFile.open(cut, index) }
        #expect(index.entries.count > 2)
        let opened = try GzipFile.open(cut, index, recovers: true)
        let bytes = try content(opened)
        #expect(Self.content.starts(with: bytes))
        #expect(bytes.count > Self.content.count / 2)
        #expect(opened.source.indexState.isComplete)
        #expect(index.overlaps == 0)
    }

    /// Whoever may not decode all of a damaged file learns no more of it than before somebody tried to.
    @Test func descriptionOfADamagedFileIsTheSameWithWhatIsKnownOfIt() throws {
        let cut = Array(Self.file[..<(Self.file.count / 3 * 2)])
        let index = FakeIndex()
        #expect(throws: ImageError.self) { try GzipFile.open(cut, index) }
        var policy = FirstPass.Policy()
        policy.isAllowed = false
        #expect(try GzipFile.tryOpening(MemorySource(cut), policy: policy)?.source == nil)
        #expect(try GzipFile.tryOpening(MemorySource(cut), index, policy: policy)?.source == nil)
    }

    // MARK: Wrong checks

    /// Three members of several spans each, the first with a wrong check.
    private static let withWrongCheck: [UInt8] = {
        var first = GzipFile.member(Array(content[..<400_000]))
        first[first.count - 8] ^= 1
        return first + GzipFile.encode(Array(content[400_000...]), memberSize: 400_000)
    }()

    @Test func anIndexMadeInSpiteOfAWrongCheckIsNoneWithoutRecovery() throws {
        let made = FakeIndex()
        let opened = try GzipFile.open(Self.withWrongCheck, made, recovers: true)
        let bytes = try content(opened)
        #expect(bytes == Self.content)
        #expect(opened.warnings.count == 1)
        #expect(opened.warnings.first?.hasPrefix("CRC-32 of a member at ") == true)

        // Without a pass, the index says it.
        var policy = FirstPass.Policy()
        policy.isAllowed = false
        let last = try #require(made.entries.last?.span.input)
        let told = #expect(throws: ImageError.self) {
            try GzipFile.tryOpening(
                MemorySource(Self.withWrongCheck), FakeIndex(made.entries), policy: policy)
        }
        #expect(told?.reason.hasPrefix("the check of a member before \(last) is wrong") == true)

        // With one, the file does.
        let index = FakeIndex(made.entries)
        let error = #expect(throws: ImageError.self) { try GzipFile.open(Self.withWrongCheck, index) }
        #expect(error?.reason.hasPrefix("CRC-32 of a member at ") == true, "\(String(describing: error))")
        #expect(index.drops == 1)
    }

    /// The damage lies before the last span, from which the second opening decodes.
    @Test func aWrongCheckIsToldWithAnIndexToo() throws {
        let index = FakeIndex()
        let first = try GzipFile.open(Self.withWrongCheck, index, recovers: true)
        let second = try GzipFile.open(Self.withWrongCheck, index, recovers: true)
        #expect(!first.warnings.isEmpty)
        #expect(!second.warnings.isEmpty)
        let bytes = try content(second)
        #expect(bytes == Self.content)
        #expect(index.drops == 0)
    }

    @Test func onlySomeOfManyWrongChecksAreTold() throws {
        var file: [UInt8] = []
        for start in stride(from: 0, to: 100_000, by: 5000) {
            var member = GzipFile.member(Array(Self.content[start..<start + 5000]))
            member[member.count - 5] ^= 0xFF
            file += member
        }
        let opened = try GzipFile.open(file, recovers: true)
        #expect(opened.source.size == 100_000)
        #expect(opened.warnings.count >= 4)
        #expect(opened.warnings.count < 8)
    }

    // MARK: Behind the data

    /// Bytes behind the data, the text about them, and their name.
    static let trailers: [(name: String, bytes: [UInt8], text: String?)] = [
        ("text", Array("some text".utf8), other(9)), ("a byte", [7], other("1 byte")),
        ("padding", [UInt8](repeating: 0, count: 100_000), nil),
        ("a zero", [0], nil),
        (
            "a member after padding", [UInt8](repeating: 0, count: 512) + GzipFile.member([1, 2, 3]),
            other(512 + GzipFile.member([1, 2, 3]).count)
        ),
        (
            "something after much padding", [UInt8](repeating: 0, count: 200_000) + [1],
            other(200_001)
        ),
        ("half a magic number", [0x1F], cutHeader), ("half a magic number and a zero", [0x1F, 0], other(2)),
        ("a magic number", [0x1F, 0x8B], cutHeader),
        ("nine bytes of a header", Array(GzipFile.header().dropLast()), cutHeader),
        (
            "a header without the end of its name",
            Array(GzipFile.header(GzipFile.Fields(name: "disk.raw")).dropLast(3)), cutHeader
        ),
    ]

    private static func other(_ count: Int) -> String { other("\(count) bytes") }

    private static func other(_ count: String) -> String {
        "the data ends at \(smallFile.count); what follows, \(count), is no gzip data and is left out"
    }

    private static var cutHeader: String {
        "the file ends in the header of another member, at \(smallFile.count): what comes before is complete, but more may be missing"
    }

    @Test(arguments: trailers.indices) func bytesBehindTheDataAreTold(_ number: Int) throws {
        let (name, bytes, text) = Self.trailers[number]
        let index = FakeIndex()
        // The second opening, too, comes to the end.
        for recovers in [false, true, false] {
            let opened = try GzipFile.open(Self.smallFile + bytes, index, recovers: recovers)
            #expect(opened.warnings == (text.map { [$0] } ?? []), "\(name)")
            let read = try content(opened)
            #expect(read == Self.small, "\(name)")
        }
        #expect(index.drops == 0)
    }

    /// A header with something wrong in it is damage: more than that may be missing.
    @Test func damagedHeaderBehindTheDataIsAnError() throws {
        var wrongCRC = GzipFile.header(GzipFile.Fields(name: "x", hasHeaderCRC: true))
        wrongCRC[wrongCRC.count - 1] ^= 1
        for (header, code) in [
            ([0x1F, 0x8B, 7, 0], ImageError.Code.corrupt), ([0x1F, 0x8B, 8, 0x80, 0], .unsupported),
            (wrongCRC, .corrupt),
        ] as [([UInt8], ImageError.Code)] {
            let file = Self.smallFile + header + [0, 0, 0, 0, 0, 0]
            let error = #expect(throws: ImageError.self) { try tryOpening(file, recovers: false) }
            #expect(error?.code == code)
            let opened = try tryOpening(file, recovers: true)
            let bytes = try content(opened)
            #expect(bytes == Self.small)
            #expect(opened.warnings.count == 1)
        }
    }
}
