import VitrineFormats

/// The copying of a disk by several threads: each takes the next region, reads and decodes it, and writes what is not zero.
final class DiskCopy: Sendable {
    /// The result of a copy.
    struct Outcome: Equatable {
        /// The bytes that had to be written; the others are zeroes.
        var written: UInt64
    }

    private struct State {
        /// The start of the region that is taken next.
        var next: UInt64 = 0
        /// The offset at which a target that takes everything in order goes on.
        var turn: UInt64 = 0
        /// The bytes that are done.
        var done: UInt64 = 0
        /// The bytes of `done` that were written.
        var written: UInt64 = 0
        /// Threads at work.
        var threads = 0
        var failure: (any Error)?
    }

    /// The bytes that a thread reads and writes at a time. Their buffer is all the memory it takes.
    ///
    /// They are few against the read-ahead of the data's source, so that all threads together still look like one reader that goes
    /// from the start to the end.
    private static let regionSize: UInt64 = 1 << 20

    /// The most bytes ahead for which the disk is asked about data and zeroes.
    private static let foresight: UInt64 = 1 << 30

    /// The most threads. More would only wait: the engine's workers decode ahead of them.
    private static let maximumThreads = 16

    private let source: any Source
    private let target: any CopyTarget
    private let state = Monitor(State())
    private let progress: @Sendable (UInt64) -> Void

    /// Copies all of `source` to `target`. `progress` is called, by any thread, with the number of bytes done.
    init(_ source: any Source, to target: any CopyTarget, progress: @escaping @Sendable (UInt64) -> Void) {
        self.source = source
        self.target = target
        self.progress = progress
    }

    /// Starts `threads` threads, 16 at most, that copy. The last of them calls `onEnd`.
    ///
    /// `onEnd` gets the first error if there is one; the threads have then stopped early.
    func start(threads: Int, onEnd: @escaping @Sendable (Result<Outcome, any Error>) -> Void) {
        // This thread counts too, until all are started.
        state.withLock { $0.threads = 1 }
        var started = 0
        for _ in 0..<max(1, min(threads, Self.maximumThreads)) {
            state.withLock { $0.threads += 1 }
            let isStarted = Thread.start("vitrine-copy") { [self] in
                work()
                leave(onEnd)
            }
            if isStarted { started += 1 } else { leave(onEnd) }
        }
        if started == 0 {
            state.withLock { $0.failure = CommandError("the system has no thread left to copy with") }
        }
        leave(onEnd)
    }

    private func leave(_ onEnd: @Sendable (Result<Outcome, any Error>) -> Void) {
        let result = state.withLock { state -> Result<Outcome, any Error>? in
            state.threads -= 1
            guard state.threads == 0 else { return nil }
            if let failure = state.failure { return .failure(failure) }
            return .success(Outcome(written: state.written))
        }
        if let result { onEnd(result) }
    }

    private func work() {
        var buffer = [UInt8](repeating: 0, count: Int(min(Self.regionSize, source.size)))
        do {
            // The range of data known so far: asking takes long if a file is in many fragments.
            var data: Range<UInt64> = 0..<0
            while let region = take(Self.regionSize) {
                if region.clamped(to: data) != region {
                    let extent = try extent(at: region)
                    if extent.kind != .data, extent.range.upperBound >= region.upperBound {
                        try writeZeroes(region)
                        // Most of a disk may be one hole, which must not be passed a region at a time.
                        if let more = take(upTo: extent.range.upperBound) { try writeZeroes(more) }
                        continue
                    }
                    data = extent.kind == .data ? extent.range : 0..<0
                }
                try copy(region, &buffer)
            }
        } catch {
            state.change { $0.failure = $0.failure ?? error }
        }
    }

    // MARK: Regions

    /// Takes the next region of at most `count` bytes. Nil if there is none, or another thread failed.
    private func take(_ count: UInt64) -> Range<UInt64>? {
        state.withLock { state in
            guard state.failure == nil, state.next < source.size else { return nil }
            let start = state.next
            state.next += min(count, source.size - start)
            return start..<state.next
        }
    }

    /// Takes everything before `end` that nobody has taken yet. Nil if there is nothing, or another thread failed.
    private func take(upTo end: UInt64) -> Range<UInt64>? {
        state.withLock { state in
            guard state.failure == nil, state.next < end else { return nil }
            defer { state.next = end }
            return state.next..<end
        }
    }

    /// The extent at the start of `region`, which may end far behind it.
    private func extent(at region: Range<UInt64>) throws -> Extent {
        let end = region.lowerBound + min(source.size - region.lowerBound, Self.foresight)
        return try reading(region) { () throws(ImageError) in
            try source.extent(in: region.lowerBound..<end)
        }
    }

    // MARK: Copying

    private func copy(_ region: Range<UInt64>, _ buffer: inout [UInt8]) throws {
        let count = Int(region.upperBound - region.lowerBound)
        // Only the last region is shorter.
        if buffer.count != count { buffer = [UInt8](repeating: 0, count: count) }
        var span = buffer.mutableSpan
        try reading(region) { () throws(ImageError) in try source.read(into: &span, at: region.lowerBound) }

        guard waitForTurn(region) else { return }
        var written = 0
        if let granularity = target.zeroGranularity {
            for run in ZeroRuns.find(
                in: buffer, count: count, at: region.lowerBound, granularity: granularity)
            {
                let start = region.lowerBound + UInt64(run.range.lowerBound)
                if run.isZero {
                    try target.writeZeroes(start..<start + UInt64(run.range.count))
                } else {
                    try target.write(buffer, run.range, at: start)
                    written += run.range.count
                }
            }
        } else {
            try target.write(buffer, 0..<count, at: region.lowerBound)
            written = count
        }
        finish(region, written: UInt64(written))
    }

    private func writeZeroes(_ region: Range<UInt64>) throws {
        guard waitForTurn(region) else { return }
        try target.writeZeroes(region)
        finish(region, written: target.zeroGranularity == nil ? region.upperBound - region.lowerBound : 0)
    }

    /// Waits until everything before `region` is written, if the target takes everything in order. Returns false if that will
    /// never be.
    private func waitForTurn(_ region: Range<UInt64>) -> Bool {
        guard target.isInOrder else { return true }
        return state.wait { state in
            if state.failure != nil { return false }
            return state.turn == region.lowerBound ? true : nil
        }
    }

    private func finish(_ region: Range<UInt64>, written: UInt64) {
        let done = state.change { state in
            state.turn = region.upperBound
            state.written += written
            state.done += region.upperBound - region.lowerBound
            return state.done
        }
        progress(done)
    }

    /// Runs `body`, and adds to any error which bytes cannot be read.
    private func reading<Result>(
        _ region: Range<UInt64>, _ body: () throws(ImageError) -> Result
    ) throws -> Result {
        try inside("bytes \(region.lowerBound) to \(region.upperBound) cannot be read") {
            () throws(ImageError) in try body()
        }
    }
}
