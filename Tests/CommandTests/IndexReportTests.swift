import Synchronization
import Testing
import TestSupport
@testable import VitrineFormats
@testable import vitrine

/// Reports on seek indexes, and the indexing of a layer.
struct IndexReportTests {
    private static let none = IndexState(
        indexed: 0, size: 2 << 30, spans: 0, worstSpan: 0, zeroes: 0, worstBlock: 9_300_000,
        usualSpan: 100_000,
        seeksByBlockOnly: false, isComplete: false)

    private static let partial = with(none) { state in
        state.indexed = 900 << 20
        state.spans = 40
        state.worstSpan = 103_000
        state.zeroes = 5 << 20
    }

    private static let complete = with(partial) { state in
        state.indexed = 2 << 30
        state.spans = 93
        state.isComplete = true
    }

    private static func with(_ state: IndexState, _ change: (inout IndexState) -> Void) -> IndexState {
        var state = state
        change(&state)
        return state
    }

    @Test func propertiesOfInfo() {
        #expect(
            IndexReport.properties(Self.none) == [
                ["seek index", "none"],
                ["worst seek", "about 9.3 s; with an index (vitrine index), about 100 ms"],
            ])
        #expect(
            IndexReport.properties(Self.partial) == [
                ["seek index", "43 %, 40 spans"],
                ["worst seek", "about 9.3 s; with an index (vitrine index), about 100 ms"],
                ["known zeroes", "5 MiB"],
            ])
        #expect(
            IndexReport.properties(Self.complete) == [
                ["seek index", "complete, 93 spans"], ["worst seek", "103 ms"], ["known zeroes", "5 MiB"],
            ])
    }

    @Test func nothingIsPromisedWhereAnIndexBringsNothing() {
        let blocks = Self.with(Self.none) { $0.seeksByBlockOnly = true }
        #expect(
            IndexReport.properties(blocks) == [
                ["seek index", "none"], ["worst seek", "about 9.3 s"],
                [
                    "note",
                    "a block decodes from its start only: it uses a filter (BCJ or delta) whose state an "
                        + "index does not keep",
                ],
            ])
        let small = Self.with(Self.none) { $0.worstBlock = 90_000 }
        #expect(IndexReport.properties(small)[1] == ["worst seek", "about 90 ms"])
    }

    @Test func textsOfIndex() {
        #expect(
            IndexReport.built(
                "disk.raw.xz", Self.complete, .seconds(21), fileSize: 11_744_051, imageSize: 181_424_760)
                    == """
                    disk.raw.xz: indexed in 21 s
                      spans       93
                      worst seek  103 ms
                      zeroes      5 MiB
                      index size  11.2 MiB, 6.4 % of the image
                    """)
        #expect(
            IndexReport.built("disk.raw.xz", Self.partial, .seconds(9), fileSize: nil, imageSize: 1)
                .hasPrefix("disk.raw.xz: indexed 43 % of it in 9 s\n"))
        #expect(
            IndexReport.complete("disk.raw.xz", Self.complete)
                == "disk.raw.xz: already indexed: 93 spans, worst seek 103 ms")
        #expect(
            IndexReport.stopped("disk.raw.xz", Self.partial)
                == "disk.raw.xz: stopped at 43 %; the index so far is kept, and the same command continues from "
                + "there")
        #expect(
            IndexReport.verified("disk.raw.xz", Self.complete, worst: 104_000)
                == "disk.raw.xz: OK: 93 spans decoded and compared, the slowest in 104 ms")
    }

    @Test func jsonHasAllKeysInEveryState() throws {
        for (state, word) in [(Self.none, "none"), (Self.partial, "partial"), (Self.complete, "complete")] {
            guard case .object(let object) = IndexReport.json(state), case .string(word) = object["state"]
            else {
                Issue.record("\(word)")
                continue
            }
            #expect(
                object.keys.sorted() == [
                    "indexed", "seeks-by-block-only", "spans", "state", "worst-block-microseconds",
                    "worst-span-microseconds", "zeroes",
                ])
        }
    }

    // MARK: Indexing

    @Test func layerIsIndexedOnceAndVerified() throws {
        let layer = SteppedLayer(steps: 4)
        let indexing = Indexing(title: "disk", layer: layer, style: .none) { false }
        #expect(try indexing.build() != nil)
        #expect(layer.indexState.isComplete)
        #expect(try indexing.build() == nil)
        #expect(try indexing.verify() == 4)
    }

    @Test func stoppedLayerGoesOnWhereItWas() throws {
        let layer = SteppedLayer(steps: 4)
        let stops = Mutex(false)
        let indexing = Indexing(title: "disk", layer: layer, style: .none) {
            stops.withLock { isStopped in
                defer { isStopped.toggle() }
                return isStopped
            }
        }
        #expect(try indexing.build() != nil)
        #expect(layer.indexState.spans == 1)
        #expect(try Indexing(title: "disk", layer: layer, style: .none) { false }.build() != nil)
        #expect(layer.indexState.isComplete)
        #expect(try Indexing(title: "disk", layer: layer, style: .none) { true }.verify() == nil)
    }

    @Test func errorsNameTheImage() throws {
        let layer = SteppedLayer(steps: 4, damagedStep: 2)
        let indexing = Indexing(title: "disk.xz", layer: layer, style: .none) { false }
        #expect(throws: ImageError(.corrupt, "step 2 is damaged", path: ["disk.xz"])) {
            _ = try indexing.build()
        }
        #expect(throws: ImageError(.corrupt, "step 2 is damaged", path: ["disk.xz"])) {
            _ = try indexing.verify()
        }
    }
}

/// A layer of zeroes indexed in steps of a mebibyte, each taking a microsecond more than the last.
private final class SteppedLayer: Indexable {
    private let steps: Int
    private let damagedStep: Int?
    private let indexed = Mutex(0)

    let size: UInt64

    init(steps: Int, damagedStep: Int? = nil) {
        self.steps = steps
        self.damagedStep = damagedStep
        size = UInt64(steps) << 20
    }

    var seekIndex: (any SeekIndex)? { nil }

    var indexState: IndexState {
        let indexed = indexed.withLock { $0 }
        return IndexState(
            indexed: UInt64(indexed) << 20, size: size, spans: indexed, worstSpan: UInt32(indexed), zeroes: 0,
            worstBlock: 0, usualSpan: 100_000, seeksByBlockOnly: false, isComplete: indexed == steps)
    }

    func buildIndex(
        isStopped: @escaping @Sendable () -> Bool, progress: @escaping @Sendable (IndexState) -> Void
    ) throws(ImageError) {
        while !indexState.isComplete, !isStopped() {
            try check(indexed.withLock { $0 })
            indexed.withLock { $0 += 1 }
            progress(indexState)
        }
    }

    func indexInBackground(isStopped: @escaping @Sendable () -> Bool) {
        try? buildIndex(isStopped: isStopped) { _ in }
    }

    func verifyIndex(
        isStopped: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (_ bytes: UInt64, _ worst: UInt32) -> Void
    ) throws(ImageError) {
        for step in 0..<steps where !isStopped() {
            try check(step)
            progress(UInt64(step + 1) << 20, UInt32(step + 1))
        }
    }

    private func check(_ step: Int) throws(ImageError) {
        if step == damagedStep { throw ImageError(.corrupt, "step \(step) is damaged") }
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        for index in buffer.indices { buffer[index] = 0 }
    }
}
