package import VitrineFormats

/// A seek index that is kept in a file, where there is a place for one.
///
/// What is added stays in memory until it is saved: at intervals, by a thread of its own, so that who adds something holds up
/// nobody who waits for it. A file is never changed, but replaced; what another process has saved meanwhile is taken over.
package final class StoredIndex: SeekIndex {
    /// What is known; changes under the lock of `state`.
    struct State {
        var contents: IndexContents
        /// Where it is saved; nil where that is not possible, or not wanted any more.
        var place: IndexPlace?
        /// Why it is not possible, where it never was, or has ceased to be.
        var obstacle: ImageError?
        /// Which file our saved spans lie in, of those that have been at the place.
        var identity: FileStatus.Identity?
        /// Whether there is something that no file at the place holds, or that it should not hold.
        var isChanged = false
        /// How many spans have been added.
        var serial = 0
        /// How often all has been dropped.
        var generation = 0
        /// Whether what is in the file at the place may be taken over.
        var merges = true
        /// Everything that was found wrong, and must not be taken over.
        var removed = ByteRanges()
        /// What was removed since a thread began to save.
        var removedWhileSaving: [Range<UInt64>] = []
        var isSaving = false
        /// Whether a thread was started to save, and has not come to its end.
        var isSaverComing = false
        var hasFailed = false
        var nextSave: ContinuousClock.Instant
        var hasWarned = false
    }

    /// What it is an index of.
    package let subject: IndexSubject

    package let compressionLevel: Int32
    let policy: SavePolicy
    let state: Monitor<State>
    let imageHasChanged: @Sendable () -> Bool
    private let warn: @Sendable (String) -> Void

    /// The index of `subject`, an image called `name`.
    ///
    /// `stored` is what the file at `place` holds; `other` something else that is known, and not saved there
    /// yet. Where there is no place, `obstacle` says why. Nothing is saved once `imageHasChanged`.
    init(
        _ subject: IndexSubject, name: String, place: IndexPlace?, obstacle: ImageError? = nil,
        stored: (index: IndexFile, identity: FileStatus.Identity)? = nil, other: IndexFile? = nil,
        compressionLevel: Int32 = 3, policy: SavePolicy = SavePolicy(),
        imageHasChanged: @escaping @Sendable () -> Bool = { false },
        warn: @escaping @Sendable (String) -> Void
    ) {
        var contents = IndexContents(
            subject: subject, name: name, spans: stored.map { SpanTable(of: $0.index) } ?? SpanTable(),
            zeroes: stored?.index.zeroRuns ?? ByteRanges())
        let isSeeded = other.map { !contents.merge($0, except: ByteRanges()).isEmpty } ?? false
        self.subject = subject
        self.compressionLevel = compressionLevel
        self.policy = policy
        self.imageHasChanged = imageHasChanged
        self.warn = warn
        state = Monitor(
            State(
                contents: contents, place: place, obstacle: obstacle, identity: stored?.identity,
                isChanged: isSeeded,
                nextSave: .now + policy.interval))
    }

    deinit {
        saveQuietly(waiting: true)
    }

    /// Where it is saved, and how many bytes the file there has; nil where there is no place, or nothing yet.
    package var file: (path: String, size: UInt64)? {
        guard let place = state.withLock({ $0.place }), let size = place.status()?.size else { return nil }
        return (place.path, size)
    }

    package func knowledge() -> SeekKnowledge {
        state.withLock { state in
            SeekKnowledge(
                spans: state.contents.spans.kept.map(\.span), zeroes: state.contents.zeroes.runs)
        }
    }

    package func detail(of span: SeekSpan) throws(ImageError) -> [UInt8]? {
        // Read outside the lock: files are never changed, and stay open while somebody reads from them.
        try state.withLock({ $0.contents.spans.find(span) })?.read()
    }

    package func add(_ span: SeekSpan, detail: [UInt8], zeroes: [Range<UInt64>]) -> Bool {
        var outcome = tryAdding(span, detail, zeroes)
        if outcome == .full, state.withLock({ !$0.hasFailed && $0.comesToSaving() }) {
            startSaver()
            outcome = tryAdding(span, detail, zeroes)
        }
        switch outcome {
        case .added:
            return true
        case .saveDue:
            startSaver()
            return true
        case .full:
            warnOnce(
                "the seek index cannot be saved and is as large as it may get in memory; it grows no more")
            return false
        case .refused:
            return false
        }
    }

    private enum AddOutcome {
        case added
        case saveDue
        case full
        case refused
    }

    private func tryAdding(_ span: SeekSpan, _ detail: [UInt8], _ zeroes: [Range<UInt64>]) -> AddOutcome {
        state.wait { state in
            guard state.contents.subject.admits(span.range, input: span.input),
                detail.count <= IndexFormat.maximumDetail,
                state.contents.spans.kept.count < IndexFormat.maximumSpans
            else { return .refused }
            guard detail.count <= policy.keepAtMost - state.contents.spans.memory else {
                // What is being saved is about to leave memory.
                return state.isAboutToSave ? nil : .full
            }
            state.add(span, detail, zeroes)
            let isMuch = state.contents.spans.memory > policy.saveAbove && !state.hasFailed
            guard isMuch || ContinuousClock.now >= state.nextSave else { return .added }
            return state.comesToSaving() ? .saveDue : .added
        }
    }

    package var hasRoom: Bool { state.withLock { hasRoom($0) } }

    package func waitForRoom() {
        state.wait { hasRoom($0) ? () : nil }
    }

    /// Whether so little is in memory that more may come, or nothing is under way that would change that.
    private func hasRoom(_ state: State) -> Bool {
        state.contents.spans.memory <= policy.saveAbove || !state.isAboutToSave
    }

    /// Has a thread save that was said to come (`State.comesToSaving`); does it here where there is none to be had.
    private func startSaver() {
        let isStarted = Thread.start("vitrine-save") { self.saveAsAnnounced() }
        if !isStarted { saveAsAnnounced() }
    }

    private func saveAsAnnounced() {
        saveQuietly(waiting: false)
        // Not before: whoever waits for room is not to find that nobody saves.
        state.change { $0.isSaverComing = false }
    }

    package func remove(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        state.withLock { $0.remove(range) }
    }

    package func drop() {
        let (place, identity) = state.withLock { state in
            defer { state.drop() }
            return (state.place, state.identity)
        }
        if let identity { place?.removeIfCached(identity) }
    }

    /// Saves what is not saved yet, after what another thread is saving; and all of it anew where the file has been removed.
    ///
    /// Throws why that is not possible; the file at the place is then as it was.
    package func save() throws(ImageError) {
        let (hasPlace, obstacle) = state.withLock { ($0.place != nil, $0.obstacle) }
        guard hasPlace else {
            throw obstacle
                ?? ImageError(.refused, "the seek index was found to be wrong, and is not used any more")
        }
        do {
            try save(waiting: true, restoring: true)
        } catch {
            // Who asked is told; that is enough.
            state.withLock { $0.hasWarned = true }
            throw error
        }
    }

    /// Saves likewise; what prevents it is a warning, the first time.
    func saveQuietly(waiting: Bool) {
        do {
            try save(waiting: waiting)
        } catch {
            warnOnce("the seek index is not saved: \(error)")
        }
    }

    private func warnOnce(_ text: String) {
        let isFirst = state.withLock { state in
            defer { state.hasWarned = true }
            return !state.hasWarned
        }
        if isFirst { warn(text) }
    }
}

extension StoredIndex.State {
    /// Whether a thread is saving, or about to.
    var isAboutToSave: Bool { isSaving || isSaverComing }

    /// Announces a thread that saves, unless there is one, or no place; returns whether it is to be started.
    fileprivate mutating func comesToSaving() -> Bool {
        guard place != nil, !isAboutToSave else { return false }
        isSaverComing = true
        return true
    }

    fileprivate mutating func add(_ span: SeekSpan, _ detail: [UInt8], _ runs: [Range<UInt64>]) {
        // What it overlaps was taken over from another process, and is not known to who adds this.
        let gone = contents.spans.insert(KeptSpan(span: span, detail: .unsaved(detail, serial: serial)))
        serial += 1
        for range in gone + [span.range] { contents.zeroes.remove(range) }
        for run in runs { contents.zeroes.insert(run.clamped(to: span.range)) }
        isChanged = true
    }

    fileprivate mutating func remove(_ range: Range<UInt64>) {
        let gone = contents.spans.remove(range)
        for range in gone + [range] {
            contents.zeroes.remove(range)
            removed.insert(range)
            if isSaving { removedWhileSaving.append(range) }
        }
        if !gone.isEmpty { isChanged = true }
    }

    fileprivate mutating func drop() {
        contents.spans = SpanTable()
        contents.zeroes = ByteRanges()
        generation += 1
        identity = nil
        isChanged = false
        // What another process saves may come from what was wrong.
        merges = false
        if place?.cache == nil { place = nil }
    }
}
