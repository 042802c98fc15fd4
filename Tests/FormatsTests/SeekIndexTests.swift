import CLZMA
import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Reads one long block with an index that knows nothing, something, or something wrong.
///
/// 3 MiB in one block are more than an eighth of 16 MiB: the block is decoded only up to the reader.
@Suite struct SeekIndexTests {
    private static let content = SeekContent.mixed(3 << 20)
    private static let file = XZFile.encode(content)
    private static let entries = Result { try SeekContent.entries(of: file) }

    private func engine() -> Engine { Engine(memory: 16 << 20, threads: 2) }

    /// Reads at random offsets, and compares the content.
    private func expectRightReads(
        _ source: SeekableSource, _ content: [UInt8] = content, count: Int = 60, seed: UInt64 = 5
    ) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<count {
            let offset = Int.random(in: 0..<content.count, using: &random)
            let length = Int.random(in: 1...min(20_000, content.count - offset), using: &random)
            let bytes = try source.bytes(at: UInt64(offset), count: length)
            #expect(bytes == Array(content[offset..<offset + length]), "\(length) bytes at \(offset)")
        }
    }

    @Test func readsAtRandomBeforeDuringAndAfterAPass() throws {
        let index = FakeIndex()
        let source = try SeekContent.open(Self.file, index, engine())
        let pass = Monitor(false)
        Thread.detachNewThread {
            try? source.buildIndex(isStopped: { false }, progress: { _ in usleep(5000) })
            pass.change { $0 = true }
        }
        try expectRightReads(source)
        pass.wait { $0 ? () : nil }
        #expect(source.indexState.isComplete)
        #expect(source.indexState.spans > 8)
        #expect(index.overlaps == 0)
        try expectRightReads(source, seed: 6)
        let again = try SeekContent.open(Self.file, FakeIndex(index.entries), engine())
        #expect(again.indexState.isComplete)
        try expectRightReads(again, seed: 7)
    }

    @Test func manyThreadsReadTwoFilesWithOneEngine() throws {
        let engine = engine()
        let other = SeekContent.mixed(2 << 20, seed: 12)
        let sources = [
            (try SeekContent.open(Self.file, FakeIndex(), engine), Self.content),
            (
                try SeekContent.open(XZFile.encode(other, blockSize: 600_000), FakeIndex(), engine),
                other
            ),
        ]
        let left = Monitor(24)
        for number in 0..<24 {
            Thread.detachNewThread {
                let (source, content) = sources[number % 2]
                do {
                    try expectRightReads(source, content, count: 12, seed: UInt64(100 + number))
                } catch {
                    Issue.record(error)
                }
                left.change { $0 -= 1 }
            }
        }
        left.wait { $0 == 0 ? () : nil }
    }

    @Test func xzInXZ() throws {
        let engine = engine()
        let outer = try SeekContent.open(
            XZFile.encode(Self.file, blockSize: 3 << 20), FakeIndex(), engine)
        let inner = try SeekableSource(
            xz: outer, engine, spanCost: SeekContent.spanCost, index: FakeIndex())
        try expectRightReads(inner, count: 30)
        try inner.buildIndex(isStopped: { false }, progress: { _ in })
        #expect(inner.indexState.isComplete)
        try expectRightReads(inner, count: 30, seed: 9)
    }

    @Test func indexThatKeepsNothing() throws {
        let index = FakeIndex(accepts: { _ in false })
        let source = try SeekContent.open(Self.file, index, engine())
        try expectRightReads(source, count: 20)
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        #expect(!source.indexState.isComplete)
        try source.prefetch(0..<source.size)
        try expectRightReads(source, count: 5, seed: 8)
        // Small blocks too, with zeroes in them.
        let content = [UInt8](repeating: 0, count: 400_000) + Self.content[..<400_000]
        let small = try SeekContent.open(XZFile.encode(content, blockSize: 300_000), index, engine())
        try expectRightReads(small, content)
    }

    @Test func indexThatKeepsSomeSpansOnly() throws {
        let index = FakeIndex(accepts: { $0.range.lowerBound / 1000 % 3 == 0 })
        let source = try SeekContent.open(Self.file, index, engine())
        try expectRightReads(source, count: 20)
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        try expectRightReads(source, count: 20, seed: 8)
        #expect(index.overlaps == 0)
    }

    @Test func everySubsetOfSpansIsCompleted() throws {
        let content = SeekContent.mixed(2_300_000, seed: 14)
        let file = XZFile.encode(content)
        let whole = try SeekContent.entries(of: file)
        try #require(whole.count > 5)
        var random = SeededGenerator(seed: 4)
        for _ in 0..<16 {
            let known = whole.filter { _ in Bool.random(using: &random) }
            let index = FakeIndex(known)
            let source = try SeekContent.open(file, index, engine())
            try source.buildIndex(isStopped: { false }, progress: { _ in })
            #expect(source.indexState.isComplete)
            #expect(index.drops == 0)
            #expect(index.entries.map(\.isAlike) == whole.map(\.isAlike))
        }
    }

    @Test func readsInGapsAreRight() throws {
        let whole = try Self.entries.get()
        var random = SeededGenerator(seed: 21)
        for round in 0..<8 {
            let index = FakeIndex(whole.filter { _ in Bool.random(using: &random) })
            let source = try SeekContent.open(Self.file, index, engine())
            try expectRightReads(source, count: 15, seed: UInt64(round))
            #expect(index.drops == 0)
            #expect(index.overlaps == 0)
        }
    }

    @Test func interruptedPassIsGoneOnWith() throws {
        let whole = try Self.entries.get()
        var index = FakeIndex()
        for _ in 0..<100 {
            let stop = Monitor(false)
            let source = try SeekContent.open(Self.file, index, engine())
            try source.buildIndex(
                isStopped: { stop.withLock { $0 } }, progress: { _ in stop.change { $0 = true } })
            if source.indexState.isComplete { break }
            index = FakeIndex(index.entries)
        }
        #expect(index.entries.map(\.isAlike.span) == whole.map(\.isAlike.span))
        for (entry, known) in zip(index.entries, whole) {
            #expect(entry.zeroes == known.zeroes, "\(entry.span)")
            let isSame = entry.isAlike.detail == known.isAlike.detail
            #expect(isSame, "\(entry.span)")
        }
        // The windows too are right: everything decodes to what it was.
        let source = try SeekContent.open(Self.file, index, engine())
        try source.verifyIndex(isStopped: { false }, progress: { _, _ in })
    }

    @Test(
        arguments: [LZMA_CHECK_NONE, LZMA_CHECK_CRC32, LZMA_CHECK_CRC64, LZMA_CHECK_SHA256].map(\.rawValue))
    func everyCheckIsGoneOnWith(_ check: UInt32) throws {
        let file = XZFile.encode(Self.content, check: lzma_check(check))
        let whole = try SeekContent.entries(of: file)
        let index = FakeIndex(Array(whole[..<(whole.count / 2)]))
        let source = try SeekContent.open(file, index, engine())
        try expectRightReads(source, count: 10)
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        try source.verifyIndex(isStopped: { false }, progress: { _, _ in })
        #expect(index.entries.map(\.isAlike) == whole.map(\.isAlike))
        #expect(index.drops == 0)
    }

    @Test(arguments: [LZMA_CHECK_CRC32, LZMA_CHECK_CRC64].map(\.rawValue))
    func checkIsVerifiedAfterGoingOn(_ check: UInt32) throws {
        var file = XZFile.encode(Self.content, check: lzma_check(check))
        let known = try SeekContent.entries(of: file)
        let block = try XZContainer(of: MemorySource(file)).blocks[0]
        file[Int(block.offset + (block.unpaddedSize + 3) & ~3) - 1] ^= 1
        let source = try SeekContent.open(file, FakeIndex(Array(known[..<(known.count / 2)])), engine())
        let error = #expect(throws: ImageError.self) {
            try source.buildIndex(isStopped: { false }, progress: { _ in })
        }
        #expect(error?.description.contains("CRC") == true)
        #expect(throws: ImageError.self) { try source.bytes(at: 0, count: 1) }
    }
}
