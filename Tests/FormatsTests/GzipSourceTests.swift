import CZlib
import TestSupport
import Testing

@testable import VitrineFormats

/// Gzip files of sound data: what is read is right, and what one opening has found out serves the next.
@Suite struct GzipSourceTests {
    private static let content = SeekContent.mixed(1 << 20, seed: 41)
    private static let file = GzipFile.encode(content)
    private static let entries = Result { try GzipFile.entries(of: file) }

    /// Reads at random offsets, and compares the content.
    private static func expectRightReads(
        _ source: any Source, _ content: [UInt8] = content, count: Int = 30, seed: UInt64 = 5,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<count {
            let offset = Int.random(in: 0..<content.count, using: &random)
            let length = Int.random(in: 1...min(20_000, content.count - offset), using: &random)
            let bytes = try source.bytes(at: UInt64(offset), count: length)
            let isRight = bytes == Array(content[offset..<offset + length])
            #expect(isRight, "\(length) bytes at \(offset)", sourceLocation: sourceLocation)
        }
    }

    /// Expects that `index` covers `size` bytes without a gap.
    private func expectNoGap(_ index: FakeIndex, size: Int) {
        var end: UInt64 = 0
        for entry in index.entries {
            #expect(entry.span.range.lowerBound == end)
            end = entry.span.range.upperBound
        }
        #expect(end == UInt64(size))
        #expect(index.overlaps == 0)
    }

    // MARK: Shapes of files

    /// A way to make a file of the content.
    struct Shape: Sendable, CustomStringConvertible {
        let description: String
        var level: Int32 = 6
        var strategy: Int32 = Z_DEFAULT_STRATEGY
        var memberSize = 0
        var hasEmpty = false
    }

    static let shapes = [
        Shape(description: "stored", level: 0), Shape(description: "level 1", level: 1),
        Shape(description: "level 9", level: 9),
        Shape(description: "fixed codes", strategy: Z_FIXED),
        Shape(description: "Huffman codes only", strategy: Z_HUFFMAN_ONLY),
        Shape(description: "runs only", strategy: Z_RLE),
        Shape(description: "several spans in a member", memberSize: 400_000),
        Shape(description: "several members in a span", memberSize: 7001),
        Shape(description: "members as long as a chunk", memberSize: 64 << 10),
        Shape(description: "empty members between", memberSize: 30_000, hasEmpty: true),
    ]

    @Test(arguments: shapes)
    func readsAreRightAfterTheFirstPassAndWithItsIndex(_ shape: Shape) throws {
        let content = Array(Self.content[..<700_001])
        let file = GzipFile.encode(
            content, memberSize: shape.memberSize, hasEmpty: shape.hasEmpty, level: shape.level,
            strategy: shape.strategy)
        let index = FakeIndex()
        let first = try GzipFile.open(file, index)
        #expect(first.warnings == [])
        #expect(first.source.size == UInt64(content.count))
        #expect(first.source.indexState.isComplete)
        #expect(first.source.indexState.spans > 4)
        #expect(first.source.indexState.firstPass != nil)
        expectNoGap(index, size: content.count)
        try Self.expectRightReads(first.source, content)

        let again = FakeIndex(index.entries)
        let second = try GzipFile.open(file, again)
        #expect(second.source.size == UInt64(content.count))
        #expect(second.source.indexState.isComplete)
        #expect(second.source.indexState.firstPass == nil)
        let whole = try second.source.bytes(at: 0, count: content.count)
        #expect(whole == content)
        try second.source.verifyIndex(isStopped: { false }, progress: { _, _ in })
        #expect(again.drops == 0)
        #expect(again.entries == index.entries)
    }

    @Test func everyFieldOfAHeaderIsPassedOver() throws {
        let content = Array(Self.content[..<3000])
        let fields = GzipFile.Fields(
            extra: [1, 2, 3, 4, 0, 0], name: "disk.raw", comment: "a comment", hasHeaderCRC: true)
        let file = GzipFile.member(content, fields) + GzipFile.member(content, GzipFile.Fields(extra: []))
        let opened = try GzipFile.open(file)
        #expect(opened.warnings == [])
        let bytes = try opened.source.bytes(at: 0, count: Int(opened.source.size))
        #expect(bytes == content + content)
    }

    /// Where a chunk ends the data may, too: then no empty span is made there, and none before is missing.
    @Test(
        arguments: [
            1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 196_608, 262_144, 393_216,
        ], [0, 1, 6])
    func sizesAroundChunksAndPieces(_ count: Int, _ level: Int32) throws {
        let content = Array(Self.content[300_000..<300_000 + count])
        let file = GzipFile.encode(content, level: level)
        for file in [file, file + GzipFile.member([])] {
            let index = FakeIndex()
            let first = try GzipFile.open(file, index).source
            #expect(first.size == UInt64(count))
            expectNoGap(index, size: count)
            let whole = try first.bytes(at: 0, count: count)
            #expect(whole == content)
            let second = try GzipFile.open(file, index).source
            #expect(second.size == UInt64(count))
            let end = try second.bytes(at: UInt64(max(0, count - 70)), count: min(70, count))
            #expect(end == Array(content.suffix(70)))
            #expect(index.drops == 0)
            expectNoGap(index, size: count)
        }
    }

    @Test func nothingIsInside() throws {
        for file in [GzipFile.member([]), GzipFile.member([]) + GzipFile.member([], level: 0)] {
            let index = FakeIndex()
            for _ in 0..<2 {
                let opened = try GzipFile.open(file, index)
                #expect(opened.source.size == 0)
                #expect(opened.warnings == [])
                #expect(opened.source.indexState.isComplete)
                try opened.source.buildIndex(isStopped: { false }, progress: { _ in })
                try opened.source.verifyIndex(isStopped: { false }, progress: { _, _ in })
            }
            #expect(index.entries == [])
        }
    }

    @Test func zeroesTakeHardlyAnything() throws {
        let count = 50 << 20
        let file = GzipFile.encode([UInt8](repeating: 0, count: count))
        #expect(file.count < 60_000)
        let engine = GzipFile.engine()
        let index = FakeIndex()
        let source = try GzipFile.open(file, index, engine, spanCost: GzipScheme.cost.span).source
        #expect(source.size == UInt64(count))
        #expect(engine.cache.held < 1 << 20)
        #expect(try DiskChecks.extents(source) == [Extent(0..<UInt64(count), .zero)])
        let bytes = try source.bytes(at: 40_000_001, count: 3000)
        #expect(bytes.allSatisfy { $0 == 0 })
        #expect(index.entries.reduce(0) { $0 + $1.detail.count } < 20_000)
    }

    @Test func noiseIsReadRight() throws {
        let content = GzipFile.noise(1_500_000)
        let file = GzipFile.encode(content)
        #expect(file.count > content.count)
        let source = try GzipFile.open(file).source
        try Self.expectRightReads(source, content)
        #expect(try DiskChecks.extents(source) == [Extent(0..<UInt64(content.count), .data)])
    }

    // MARK: Extents

    /// Zeroes are found in runs of granules of 4 KiB, over the ends of chunks, members and spans.
    @Test func zeroesAreKnownAfterTheFirstPass() throws {
        let part = Array(GzipFile.noise(102_400))
        let content =
            part + [UInt8](repeating: 0, count: 307_200) + part + [UInt8](repeating: 0, count: 81_920) + part
            + [UInt8](repeating: 0, count: 40_961)
        let expected = [
            Extent(0..<102_400, .data), Extent(102_400..<409_600, .zero), Extent(409_600..<512_000, .data),
            Extent(512_000..<593_920, .zero), Extent(593_920..<696_320, .data),
            Extent(696_320..<737_281, .zero),
        ]
        for memberSize in [0, 50_000] {
            let file = GzipFile.encode(content, memberSize: memberSize)
            let index = FakeIndex()
            let source = try GzipFile.open(file, index).source
            #expect(try DiskChecks.extents(source) == expected)
            // What an index says is zero is believed once the details prove it, which reading them does.
            let again = try GzipFile.open(file, index).source
            let bytes = try again.bytes(at: 0, count: content.count)
            #expect(bytes == content)
            for extent in try DiskChecks.extents(again) where extent.kind != .data {
                let range = Int(extent.range.lowerBound)..<Int(extent.range.upperBound)
                #expect(content[range].allSatisfy { $0 == 0 }, "\(extent)")
            }
            #expect(again.indexState.zeroes == 307_200 + 81_920 + 40_961)
        }
    }

    // MARK: The next opening

    @Test func theNextOpeningDecodesOnlyFromTheLastSpanOn() throws {
        let content = GzipFile.noise(2_000_000)
        let file = GzipFile.encode(content, level: 0)
        let index = FakeIndex()
        let first = ObservedSource(file)
        _ = try GzipFile.tryOpening(first, index)
        #expect(first.bytesRead >= file.count)
        let second = ObservedSource(file)
        let opened = try #require(try GzipFile.tryOpening(second, index))
        // The last span, and the one before it for the window; the input comes 128 KiB at a time.
        #expect(second.bytesRead < file.count / 3)
        let before = second.bytesRead
        let bytes = try opened.source.bytes(at: 1_000_000, count: 1000)
        #expect(bytes == Array(content[1_000_000..<1_001_000]))
        #expect(second.bytesRead - before < file.count / 3)
        #expect(index.drops == 0)
    }

    @Test func whoeverReadsFromTheStartNeedNotDecodeAgain() throws {
        let base = ObservedSource(Self.file)
        let engine = Engine(memory: 64 << 20, threads: 2)
        let opened = try #require(try GzipFile.tryOpening(base, FakeIndex(), engine))
        let read = base.bytesRead
        let bytes = try opened.source.bytes(at: 0, count: 300_000)
        #expect(bytes == Array(Self.content[..<300_000]))
        #expect(base.bytesRead == read)
    }

    @Test func onlyTheStartOfAnIndexWithAGapIsUsed() throws {
        let whole = try Self.entries.get()
        try #require(whole.count > 6)
        for gap in [0, 1, whole.count / 2, whole.count - 1] {
            var known = whole
            known.remove(at: gap)
            let index = FakeIndex(known)
            let source = try GzipFile.open(Self.file, index).source
            #expect(source.size == UInt64(Self.content.count))
            #expect(index.entries.map(\.isAlike) == whole.map(\.isAlike), "without \(gap)")
            #expect(index.drops == 0)
            #expect(index.overlaps == 0)
            // What comes before the gap is not found out again.
            #expect(Array(index.entries[..<gap]) == Array(whole[..<gap]))
            try Self.expectRightReads(source, count: 6)
        }
    }

    @Test func anIndexThatTakesNothingStillServesEverything() throws {
        let content = Array(Self.content[..<400_000])
        let file = GzipFile.encode(content)
        let index = FakeIndex(accepts: { _ in false })
        let source = try GzipFile.open(file, index).source
        #expect(source.size == 400_000)
        #expect(!source.indexState.isComplete)
        try Self.expectRightReads(source, content, count: 6)
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        #expect(!source.indexState.isComplete)
        let bytes = try source.bytes(at: 0, count: content.count)
        #expect(bytes == content)
    }

    @Test func anIndexThatTakesSomeSpansOnlyStillServesEverything() throws {
        let content = Array(Self.content[..<700_000])
        let file = GzipFile.encode(content)
        for accepts in [
            { @Sendable span in span.range.lowerBound < 300_000 },
            { @Sendable span in span.range.lowerBound > 300_000 },
            { @Sendable span in span.range.lowerBound / 1000 % 2 == 0 },
        ] as [@Sendable (SeekSpan) -> Bool] {
            let index = FakeIndex(accepts: accepts)
            let source = try GzipFile.open(file, index).source
            try Self.expectRightReads(source, content, count: 6)
            // What it kept serves the next opening, as far as that can use it.
            let again = try GzipFile.open(file, index).source
            #expect(again.size == 700_000)
            try Self.expectRightReads(again, content, count: 6, seed: 6)
            #expect(index.drops == 0)
            #expect(index.overlaps == 0)
        }
    }

    @Test func indexIsBuiltAndVerified() throws {
        let index = FakeIndex(accepts: { $0.range.lowerBound < 500_000 })
        _ = try GzipFile.open(Self.file, index)
        let kept = index.entries
        #expect(kept.count > 2)
        // Another index takes the rest when it is opened, so that nothing is left to build.
        let other = FakeIndex(kept)
        let source = try GzipFile.open(Self.file, other).source
        #expect(source.indexState.isComplete)
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        let verified = Monitor<UInt64>(0)
        try source.verifyIndex(
            isStopped: { false },
            progress: { bytes, _ in verified.change { $0 = max($0, bytes) } })
        #expect(verified.withLock { $0 } == UInt64(Self.content.count))
        #expect(try other.entries.map(\.isAlike) == Self.entries.get().map(\.isAlike))
    }

    // MARK: The policy

    @Test func stoppedPassIsGoneOnWith() throws {
        let content = GzipFile.noise(2_000_000)
        let file = GzipFile.encode(content, level: 0)
        let index = FakeIndex()
        var policy = FirstPass.Policy()
        policy.goesOn = { done, total in done < total / 4 * 3 }
        let error = #expect(throws: ImageError.self) {
            try GzipFile.tryOpening(MemorySource(file), index, policy: policy)
        }
        #expect(error?.code == .refused)
        #expect(error?.reason.hasSuffix(" of \(file.count) bytes") == true)
        let kept = index.entries
        #expect(kept.count > 4)
        let base = ObservedSource(file)
        let opened = try #require(try GzipFile.tryOpening(base, index))
        #expect(base.bytesRead < file.count / 3 * 2)
        #expect(opened.source.size == UInt64(content.count))
        #expect(opened.source.indexState.isComplete)
        #expect(Array(index.entries[..<kept.count]) == kept)
        #expect(index.drops == 0)
        try Self.expectRightReads(opened.source, content, count: 10)
    }

    @Test func progressIsToldInBytesOfTheFile() throws {
        let told = Monitor<[UInt64]>([])
        var policy = FirstPass.Policy()
        let size = UInt64(Self.file.count)
        policy.goesOn = { done, total in
            told.change { $0.append(total == size ? done : .max) }
            return true
        }
        _ = try GzipFile.tryOpening(MemorySource(Self.file), nil, policy: policy)
        let steps = told.withLock { $0 }
        #expect(steps.count > 4)
        #expect(steps == steps.sorted())
        #expect(steps.allSatisfy { $0 <= size })
    }

    @Test func withoutAPassOnlyACompleteIndexGivesTheSize() throws {
        var policy = FirstPass.Policy()
        policy.isAllowed = false
        let whole = try Self.entries.get()
        #expect(try GzipFile.tryOpening(MemorySource(Self.file), nil, policy: policy)?.source == nil)
        #expect(try GzipFile.tryOpening(MemorySource(Self.file), FakeIndex(), policy: policy)?.source == nil)
        for count in [1, whole.count / 2, whole.count - 1] {
            let index = FakeIndex(Array(whole[..<count]))
            #expect(try GzipFile.tryOpening(MemorySource(Self.file), index, policy: policy)?.source == nil)
            // Nothing was found out that anybody asked for.
            #expect(index.entries.count == count)
            #expect(index.drops == 0)
        }
        let opened = try #require(
            try GzipFile.tryOpening(MemorySource(Self.file), FakeIndex(whole), policy: policy))
        #expect(opened.source.size == UInt64(Self.content.count))
        try Self.expectRightReads(opened.source, count: 6)
    }

    // MARK: Many readers

    @Test func manyThreadsReadAtRandom() throws {
        let source = try GzipFile.open(Self.file, nil, GzipFile.engine(threads: 3)).source
        RandomReaders.expectRight(source, Self.content, readers: 12, reads: 8, count: 20_000, seed: 0)
    }

    /// Both layers are decoded whole when they are opened, one through the other.
    @Test func gzipInGzip() throws {
        let content = Array(Self.content[..<500_000])
        let engine = GzipFile.engine()
        let outer = try GzipFile.open(GzipFile.encode(GzipFile.encode(content)), nil, engine).source
        let inner = try #require(try GzipFile.tryOpening(outer, nil, engine)).source
        #expect(inner.size == 500_000)
        try Self.expectRightReads(inner, content, count: 10)
        #expect(engine.cache.held <= engine.memory)
    }

    @Test func imageTellsItsLayers() throws {
        let content = Array(Self.content[..<100_000])
        let file = GzipFile.member(content, GzipFile.Fields(name: "disk\u{1B}.raw"))
        let options = OpenOptions(engine: GzipFile.engine())
        let image = try Image("disk.raw.gz", MemorySource(file), options)
        #expect(image.stack == "raw in gzip")
        #expect(image.size == 100_000)
        let description = try ImageDescription("disk.raw.gz", MemorySource(file), options)
        #expect(description.size == nil)
        #expect(description.stack == "gzip")
        #expect(description.partitionTable == nil)
        let properties = description.layers[0].properties
        #expect(properties.map(\.label) == ["compressed", "name"])
        guard case .text(let name)? = properties.last?.value else {
            Issue.record("the name is no text")
            return
        }
        #expect(name == "disk\\u{1B}.raw")
    }
}
