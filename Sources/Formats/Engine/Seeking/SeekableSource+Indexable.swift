import Glibc
import Synchronization

extension SeekableSource: Indexable {
    package var seekIndex: (any SeekIndex)? { spans.index }

    package func digest() throws(ImageError) -> [UInt8] { try spans.scheme.digest() }

    package var indexState: IndexState {
        var state = spans.indexState
        state.firstPass = firstPass
        return state
    }

    package func buildIndex(
        isStopped: @escaping @Sendable () -> Bool, progress: @escaping @Sendable (IndexState) -> Void
    ) throws(ImageError) {
        let failure = Mutex<ImageError?>(nil)
        let backlog = Backlog(engine.workers) { progress(self.indexState) }
        engine.workers.runOnAll {
            while !isStopped() {
                do throws(ImageError) {
                    guard case .learned = try self.spans.learnSome(backlog, isStopped: isStopped) else {
                        return
                    }
                    progress(self.indexState)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                    // Damage is remembered, and the next block may well be sound. Other errors would only repeat.
                    if error.code == .io || error.code == .outOfRange { return }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    package func verifyIndex(
        isStopped: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (_ bytes: UInt64, _ worst: UInt32) -> Void
    ) throws(ImageError) {
        struct State {
            var next = 0
            var bytes: UInt64 = 0
            var worst: UInt32 = 0
            var failure: ImageError?
        }
        let (all, generation) = (spans.all, spans.generation)
        let claims = ZeroClaims(spans.index.knowledge().zeroes)
        let state = Mutex(State())
        engine.workers.runOnAll {
            while !isStopped() {
                let next = state.withLock { state -> Int? in
                    guard state.failure == nil, state.next < all.count else { return nil }
                    state.next += 1
                    return state.next - 1
                }
                guard let next else { return }
                let span = all[next]
                do throws(ImageError) {
                    let time = try self.verify(span, generation, claims)
                    let (bytes, worst) = state.withLock { state in
                        state.bytes += span.count
                        state.worst = max(state.worst, time)
                        return (state.bytes, state.worst)
                    }
                    progress(bytes, worst)
                } catch {
                    state.withLock { $0.failure = $0.failure ?? error }
                }
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Decodes all of `span`, which is of `generation`, and compares it with the zeroes that the index `claims`.
    /// Returns the CPU time that this took, in microseconds.
    private func verify(
        _ span: SeekSpan, _ generation: Int, _ claims: ZeroClaims
    ) throws(ImageError) -> UInt32 {
        let began = DecodeCost.threadTime()
        do throws(ImageError) {
            try spans.withDecoder(of: span) { decoder throws(ImageError) in
                while !decoder.isFinished {
                    let start = decoder.position
                    try claims.compare(try decoder.decodePiece(), at: start)
                }
            }
        } catch {
            throw spans.note(error, in: span, generation)
        }
        return UInt32(clamping: (DecodeCost.threadTime() - began) / 1000)
    }

    package func indexInBackground(isStopped: @escaping @Sendable () -> Bool) {
        // Readers come first. A sequential reader indexes everything by its reads, and what was decoded ahead of its
        // window would be decoded again. If random readers never pause, each second still has room for one span.
        let quietTime: UInt64 = 300_000_000
        let patience: UInt64 = 1_000_000_000
        var last: UInt64 = 0
        while !isStopped() {
            let now = monotonicTime()
            let isQuiet = spans.isQuiet(for: quietTime)
            let sequential = lastSequential.load(ordering: .relaxed)
            let isReadOn = now - min(now, sequential) <= quietTime
            guard isQuiet || now - last > patience, !isReadOn else {
                usleep(50_000)
                continue
            }
            do throws(ImageError) {
                switch try spans.learnSome() {
                case .learned: last = monotonicTime()
                case .othersAtWork: usleep(50_000)
                case .done: return
                }
            } catch {
                // Readers learn of damage when they come to it. What cannot be read at all is left to them.
                if error.code == .io || error.code == .outOfRange { return }
            }
        }
    }
}
