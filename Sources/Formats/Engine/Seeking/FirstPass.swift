/// Opens compressed files that do not tell the size of their data. All that is not known of such a file yet is decoded once, and
/// indexed.
package enum FirstPass {
    /// The way in which the opening of an image may make such a pass.
    package struct Policy: Sendable {
        /// True if it may: it takes as long as decoding the whole file.
        package var isAllowed = true
        /// Called now and then with the number of bytes of the file that have been decoded, and of all. Returns false to stop.
        package var goesOn: @Sendable (_ done: UInt64, _ total: UInt64) -> Bool = { _, _ in true }

        /// Allows a pass of which nobody is told.
        package init() {}
    }

    /// An opened file.
    struct Opened {
        var source: SeekableSource
        /// The texts that the user should know.
        var warnings: [String]
    }

    /// Opens the file of `scheme`, whose size is not known yet. Nil if `policy` does not allow to decode what that takes.
    ///
    /// Throws `corrupt` if the data is damaged, `refused` if it was stopped, and the errors of reading the file.
    static func open(
        _ scheme: any SizelessScheme, _ engine: Engine, _ index: (any SeekIndex)?, _ policy: Policy
    ) throws(ImageError) -> Opened? {
        let index = index ?? MemoryIndex(in: engine.cache)
        let known = prefix(of: index)
        if known.spans.isEmpty, !policy.isAllowed { return nil }
        do throws(ImageError) {
            var run = Run(scheme, engine, index, policy, known)
            return try run.open()
        } catch {
            if !policy.isAllowed, error.code == .refused { return nil }
            // The index may be wrong, or the data: a pass from the start tells.
            guard !known.spans.isEmpty, policy.isAllowed,
                error.code == .corrupt || error.code == .unsupported
            else { throw error }
            index.drop()
            var run = Run(scheme, engine, index, policy, SeekKnowledge())
            return try run.open()
        }
    }

    /// What `index` knows of the start of the file. It forgets the rest.
    private static func prefix(of index: any SeekIndex) -> SeekKnowledge {
        let known = index.knowledge()
        var end: UInt64 = 0
        let spans = known.spans.prefix { span in
            guard span.range.lowerBound == end else { return false }
            end = span.range.upperBound
            return true
        }
        if spans.count < known.spans.count { index.remove(end..<UInt64.max) }
        return SeekKnowledge(spans: Array(spans), zeroes: known.zeroes.filter { $0.upperBound <= end })
    }

    /// One pass, from the last known span on.
    private struct Run {
        private let engine: Engine
        private let index: any SeekIndex
        private let policy: Policy
        private var known: SeekKnowledge
        private var scheme: any SizelessScheme
        private let owner: Int

        init(
            _ scheme: any SizelessScheme, _ engine: Engine, _ index: any SeekIndex, _ policy: Policy,
            _ known: SeekKnowledge
        ) {
            self.engine = engine
            self.index = index
            self.policy = policy
            self.known = known
            self.scheme = scheme
            self.scheme.size = known.spans.last?.range.upperBound ?? 0
            owner = engine.cache.newOwner()
        }

        mutating func open() throws(ImageError) -> Opened {
            let began = ContinuousClock.now
            guard case .seekable(let block) = try scheme.open(0, memoryLimit: .max) else {
                preconditionFailure(
                    "a file of unknown size has one block, in which decoding can start anywhere")
            }
            let demand = DecodedCache.Demand(
                decoder: block.passMemory, below: block.decoderMemory + scheme.base.decodingMemory)
            let turn = engine.cache.begin(demand, DecodedCache.Unit(owner: owner, number: 0), before: -1)
            defer { engine.cache.end(turn) }
            let pass = try pass(over: block)
            let learned: [SeekSpans.Known]
            do throws(ImageError) {
                learned = try run(pass, turn)
            } catch {
                engine.cache.remove(owner: owner)
                throw told(error, of: pass)
            }
            scheme.size = pass.position
            let source = SeekableSource(
                scheme, engine, index, owner: owner, known, learned,
                firstPass: learned.isEmpty ? nil : .now - began)
            return Opened(source: source, warnings: pass.warnings)
        }

        /// The error to throw if `pass` has ended with `error`.
        private func told(_ error: ImageError, of pass: SeekPass) -> ImageError {
            guard error.code == .corrupt else { return error }
            // Damage behind what is known is found only by those who may look there.
            if !policy.isAllowed, pass.position >= scheme.size { return stopped(at: pass) }
            var error = error
            if pass.decoded > 0 { error.remedy = scheme.damageRemedy(pass.decoded) }
            return error
        }

        private func stopped(at pass: SeekPass) -> ImageError {
            ImageError(
                .refused, "decoding was stopped at \(pass.inputOffset) of \(scheme.base.size) bytes")
        }

        private func pass(over block: any SeekableBlock) throws(ImageError) -> SeekPass {
            // No disk is larger: offsets in files are signed.
            let bounds = SeekPass.Bounds(
                range: 0..<UInt64(Int64.max), input: 0..<scheme.base.size, isEndKnown: false)
            var start: SeekPass.Start?
            if let last = known.spans.last {
                let spans = SeekSpans(scheme, engine, index, owner: owner, known)
                start = SeekPass.Start(span: last, detail: try spans.detail(of: last)) {
                    window throws(ImageError) in
                    try spans.fillWindow(&window, before: last.range.lowerBound)
                }
            }
            return try SeekPass(over: block, within: bounds, from: start, scheme.cost, engine.cache)
        }

        /// Runs `pass` to the end. Returns the spans that were not known, with their zeroes.
        private mutating func run(
            _ pass: SeekPass, _ turn: DecodedCache.Turn
        ) throws(ImageError) -> [SeekSpans.Known] {
            let learned = Monitor<[SeekSpans.Known]>([])
            // Compressing and saving is done beside it, and what is saved is whole.
            let backlog = Backlog(engine.workers) {}
            defer { backlog.drain() }
            while !pass.isFinished {
                guard policy.goesOn(pass.inputOffset, scheme.base.size) else { throw stopped(at: pass) }
                let found = try pass.next { [engine, owner] span, number, piece in
                    guard case .bytes(let bytes) = piece else { return }
                    // Whoever reads from the start need not decode what finds room.
                    engine.cache.publish(
                        turn, of: DecodedCache.Unit(owner: owner, number: Int(span)), number, bytes,
                        for: .ahead(taken: 0), onlyIfRoom: true)
                }
                if !policy.isAllowed, pass.position > scheme.size { throw stopped(at: pass) }
                guard let found, isNew(found.span) else { continue }
                index.waitForRoom()
                backlog.submit { [index] in
                    if index.add(found) {
                        learned.withLock { $0.append((found.span, found.zeroes)) }
                    }
                }
            }
            backlog.drain()
            return learned.withLock { $0.sorted { $0.span.range.lowerBound < $1.span.range.lowerBound } }
        }

        /// True if `span`, which has been decoded, is to be added. The last known span was cut short if damage ended it; one
        /// that goes on takes its place.
        private mutating func isNew(_ span: SeekSpan) -> Bool {
            guard let last = known.spans.last, span.range.lowerBound == last.range.lowerBound else {
                return true
            }
            guard span.range != last.range else { return false }
            index.remove(last.range)
            known.spans.removeLast()
            known.zeroes.removeAll { $0.upperBound > last.range.lowerBound }
            return true
        }
    }
}
