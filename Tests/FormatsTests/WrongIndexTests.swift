import CLZMA
import TestSupport
import Testing

@testable import VitrineFormats

/// Indexes that are wrong, or of an earlier state of the image, give the right bytes anyway.
@Suite struct WrongIndexTests {
    private static let content = SeekContent.mixed(3 << 20)
    private static let file = XZFile.encode(content)
    private static let entries = Result { try SeekContent.entries(of: file) }

    private func engine() -> Engine { Engine(memory: 16 << 20, threads: 2) }

    /// Reads everything twice, from `start` on. No read fails because of the index.
    private func expectRecovery(
        _ index: FakeIndex, _ file: [UInt8] = file, from start: Int = 0, mustDrop: Bool = true
    ) throws {
        let source = try SeekContent.open(file, index, engine())
        for start in [start, 0] {
            for offset in stride(from: start, to: Self.content.count, by: 50_000) {
                let count = min(50_000, Self.content.count - offset)
                let expected = Array(Self.content[offset..<offset + count])
                #expect(try source.bytes(at: UInt64(offset), count: count) == expected, "at \(offset)")
            }
        }
        #expect(index.drops > 0 || !mustDrop)
        #expect(index.drops < 2, "what was learnt anew was dropped again")
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        #expect(source.indexState.isComplete)
    }

    private static func unpacked(_ entry: FakeIndex.Entry) throws(ImageError) -> SpanDetail {
        try SpanDetail(entry.detail, pieces: entry.span.pieces, limit: 16 << 20)
    }

    /// The ways in which a detail can be wrong, each for the span that starts at an offset.
    private enum Wrong: CaseIterable {
        case missing, garbage, empty, ofAnother, hashes, window, start, state, history, fresh
    }

    @Test(arguments: Wrong.allCases) private func detailIsWrong(_ wrong: Wrong) throws {
        let whole = try Self.entries.get()
        let other = whole[whole.count / 2 + 1].detail
        // With all spans known, and with half of them, so that a pass starts from the wrong one.
        for known in [whole, Array(whole[...(whole.count / 2)])] {
            let victim = whole[whole.count / 2].span
            let index = FakeIndex(
                known,
                tamper: { entry throws(ImageError) in
                    guard entry.span == victim else { return entry.detail }
                    var detail = try Self.unpacked(entry)
                    switch wrong {
                    case .missing: throw ImageError(.io, "gone")
                    case .garbage: return entry.detail.map { $0 ^ 0x55 }
                    case .empty: return []
                    case .ofAnother: return other
                    case .hashes: detail.hashes[0] ^= 1
                    case .window:
                        detail.window = SparseWindow(
                            runs: detail.window.runs, bytes: detail.window.bytes.map { $0 ^ 0xFF })
                    case .start: detail.state[0] ^= 1
                    case .state: detail.state[48] ^= 4
                    case .history: detail.state[37] ^= 0xFF
                    case .fresh: detail.state = []
                    }
                    return detail.packed(level: 1)
                })
            // A window of which nothing is read that was not restored anyway is wrong in vain.
            try expectRecovery(index, mustDrop: wrong != .window && wrong != .state)
        }
    }

    @Test func spansAreNotWhereTheyAreSaidToBe() throws {
        let whole = try Self.entries.get()
        let changes: [@Sendable (inout SeekSpan) -> Void] = [
            { $0.input += 1 }, { $0.input = 0 }, { $0.input = .max },
            { $0.range = $0.range.lowerBound + 1..<$0.range.upperBound },
            { $0.range = $0.range.lowerBound..<$0.range.upperBound - 1 },
            { $0.range = $0.range.lowerBound..<$0.range.upperBound + 1 },
            { $0.range = $0.range.lowerBound..<$0.range.lowerBound },
            { $0.range = $0.range.lowerBound..<1 << 62 },
            { $0.range = 0..<$0.range.upperBound },
        ]
        // One with whole pieces: its last one alone would show that something is wrong.
        let place = try #require(
            whole.indices.dropFirst(whole.count / 3).first { whole[$0].span.count > 200_000 })
        for (number, change) in changes.enumerated() {
            for keepsRest in [true, false] {
                var known = keepsRest ? whole : Array(whole[...place])
                change(&known[place].span)
                // From the start, and from that span on: nobody decodes its last piece ahead then.
                for start in [0, Int(whole[place].span.range.lowerBound) + 1] {
                    try expectRecovery(FakeIndex(known), from: start, mustDrop: number != 4)
                }
            }
        }
    }

    @Test func spanOverTwoBlocks() throws {
        let file = XZFile.encode(Self.content, blockSize: 1_500_000)
        var known = try SeekContent.entries(of: file)
        let first = try #require(known.firstIndex { $0.span.range.lowerBound == 1_500_000 })
        known[first - 1].span.range =
            known[first - 1].span.range.lowerBound..<known[first].span.range.upperBound
        known.remove(at: first)
        try expectRecovery(FakeIndex(known), file)
    }

    /// The file has changed since it was indexed. No byte is given out that was in neither.
    @Test func imageChangedAfterIndexing() throws {
        let known = try Self.entries.get()
        var changed = Self.content
        for index in 1_000_000..<1_100_000 { changed[index] ^= 0x11 }
        let file = XZFile.encode(changed)
        let index = FakeIndex(known)
        let source = try SeekContent.open(file, index, engine())
        for offset in stride(from: 0, to: changed.count - 40_000, by: 40_000) {
            // Zeroes are taken from the index without a look at the image.
            let bytes = try source.bytes(at: UInt64(offset), count: 40_000)
            let isOld = bytes == Array(Self.content[offset..<offset + 40_000])
            #expect(isOld || bytes == Array(changed[offset..<offset + 40_000]), "at \(offset)")
        }
        #expect(index.drops == 1)
        #expect(try source.bytes(at: 1_000_000, count: 100_000) == Array(changed[1_000_000..<1_100_000]))
    }

    /// Many threads hold spans of an index that is dropped. None of them fails, and what is learnt afterwards stays.
    @Test func threadsThatShareAWrongIndexFailNoRead() throws {
        for seed in 0..<4 {
            let whole = try Self.entries.get()
            let victims = Set(whole.indices.filter { $0 % 3 == seed % 3 }.map { whole[$0].span })
            let index = FakeIndex(
                whole,
                tamper: { entry throws(ImageError) in
                    guard victims.contains(entry.span) else { return entry.detail }
                    var detail = try Self.unpacked(entry)
                    detail.hashes[0] ^= 1
                    return detail.packed(level: 1)
                })
            let source = try SeekContent.open(Self.file, index, Engine(memory: 16 << 20, threads: 4))
            RandomReaders.expectRight(
                source, Self.content, readers: 16, reads: 20, count: 30_000, seed: seed * 100)
            #expect(index.drops == 1)
        }
    }

    /// An index that says that data is zeroes. The data is read as it is, and verifying finds the claim.
    @Test(arguments: [0, 128 << 10, 1000, 20_000])
    func zeroesAreNotTakenFromWhatNoDetailProves(_ length: UInt64) throws {
        var whole = try Self.entries.get()
        let index = try #require(
            whole.indices.first { number in
                let range =
                    Int(whole[number].span.range.lowerBound)..<Int(whole[number].span.range.upperBound)
                return range.count > 200_000 && Self.content[range].prefix(1000).contains { $0 != 0 }
            })
        let range = whole[index].span.range
        let claim = length == 0 ? range : range.lowerBound..<range.lowerBound + length
        whole[index].zeroes = [claim]
        let wrong = FakeIndex(whole)
        let source = try SeekContent.open(Self.file, wrong, engine())
        let expected = Array(Self.content[Int(range.lowerBound)..<Int(range.upperBound)])
        let extent = try source.extent(in: range)
        #expect(
            extent.kind == .data
                || Self.content[Int(extent.range.lowerBound)..<Int(extent.range.upperBound)].allSatisfy {
                    $0 == 0
                })
        #expect(try source.bytes(at: range.lowerBound, count: expected.count) == expected)
        // A wrong hash beside the claim is found by decoding.
        let verified = try SeekContent.open(Self.file, FakeIndex(whole), engine())
        let error = #expect(throws: ImageError.self) {
            try verified.verifyIndex(isStopped: { false }, progress: { _, _ in })
        }
        #expect(
            error?.reason.contains("are zeroes, but there is data") == true, "\(String(describing: error))")
    }

    @Test func zeroesThatAHashMakesUpAreFoundByVerifying() throws {
        var whole = try Self.entries.get()
        let index = try #require(
            whole.indices.first { whole[$0].span.count > 200_000 && whole[$0].zeroes.isEmpty })
        var detail = try Self.unpacked(whole[index])
        detail.hashes[0] = SpanDetail.zeroHash
        whole[index].detail = detail.packed(level: 1)
        whole[index].zeroes = [
            whole[index].span.range.lowerBound..<whole[index].span.range.lowerBound + (128 << 10)
        ]
        let source = try SeekContent.open(Self.file, FakeIndex(whole), engine())
        let error = #expect(throws: ImageError.self) {
            try source.verifyIndex(isStopped: { false }, progress: { _, _ in })
        }
        #expect(error?.reason.contains("the seek index has 0x0") == true, "\(String(describing: error))")
    }

    @Test func damageInWhatIsIndexedIsAnErrorAndNeverWrongBytes() throws {
        var file = Self.file
        for index in file.count / 2..<file.count / 2 + 3000 { file[index] ^= 0x5A }
        let source = try SeekContent.open(file, FakeIndex(Self.entries.get()), engine())
        var failures = 0
        for offset in stride(from: 0, to: Self.content.count - 40_000, by: 40_000) {
            guard let bytes = try? source.bytes(at: UInt64(offset), count: 40_000) else {
                failures += 1
                continue
            }
            #expect(bytes == Array(Self.content[offset..<offset + 40_000]), "at \(offset)")
        }
        #expect(failures > 0)
    }
}
