package import VitrineFormats

/// A seek index that is kept in a file, if there is a place for one.
///
/// Additions stay in memory until they are saved. A thread of its own saves them at intervals, so that whoever adds something
/// holds up nobody who waits for it. A file is never changed, but replaced by one that also has what another process has saved
/// meanwhile.
package final class StoredIndex: SeekIndex {
    /// The known spans and the state of saving; changes under the lock of `state`.
    struct State {
        var contents: IndexContents
        /// The place it is saved at. Nil if saving is not possible, or not wanted any more.
        var place: IndexLocation?
        /// The error that prevents saving, from the start or since some later time.
        var obstacle: ImageError?
        /// The identity of the file that our saved spans lie in: one of those that have been at the place.
        var identity: FileIdentity?
        /// True if the file at the place lacks something, or holds something that it should not.
        var isChanged = false
        /// The number of spans added so far.
        var serial = 0
        /// The number of times that everything was dropped.
        var generation = 0
        /// True if the contents of the file at the place may be taken over.
        var merges = true
        /// All ranges that were found wrong and must not be taken over.
        var removed = ByteRanges()
        /// The ranges removed since a thread began to save.
        var removedWhileSaving: [Range<UInt64>] = []
        var isSaving = false
        /// True from the announcement of a thread that saves until its end.
        var isSaverComing = false
        var hasFailed = false
        var nextSave: ContinuousClock.Instant
        var hasWarned = false
    }

    /// The layer that it is an index of.
    package let subject: IndexSubject

    package let compressionLevel: Int32
    let policy: SavePolicy
    let state: Monitor<State>
    let imageHasChanged: @Sendable () -> Bool
    private let warn: @Sendable (String) -> Void

    /// The index of `subject`, an image called `name`.
    ///
    /// `stored` is the index in the file at `place`; `other` is another index, whose spans are not saved there yet. If there is no
    /// place, `obstacle` says why. Nothing is saved once `imageHasChanged`.
    init(
        _ subject: IndexSubject, name: String, place: IndexLocation?, obstacle: ImageError? = nil,
        stored: (index: IndexFile, identity: FileIdentity)? = nil, other: IndexFile? = nil,
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

    /// The path it is saved at, and the length of the file there in bytes. Nil if there is no place, or no file yet.
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
        // Read outside the lock: files are never changed, and stay open while somebody reads them.
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
                "the seek index cannot be saved, and has reached its limit in memory: nothing more is "
                    + "indexed")
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
                // The details that are being saved will soon leave memory.
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

    /// True if so little is in memory that more may come, or if nothing is under way that would change that.
    private func hasRoom(_ state: State) -> Bool {
        state.contents.spans.memory <= policy.saveAbove || !state.isAboutToSave
    }

    /// Starts the thread that was announced (`State.comesToSaving`). If no thread can be had, saves here.
    private func startSaver() {
        let isStarted = Thread.start("vitrine-save") { self.saveAsAnnounced() }
        if !isStarted { saveAsAnnounced() }
    }

    private func saveAsAnnounced() {
        saveQuietly(waiting: false)
        // Not before: whoever waits for room must not find that nobody saves.
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

    /// Saves what is not saved yet, after a save that another thread has begun. Writes all of it again if the file was removed.
    ///
    /// Throws the reason if that is not possible; the file at the place is then unchanged.
    package func save() throws(ImageError) {
        let (hasPlace, obstacle) = state.withLock { ($0.place != nil, $0.obstacle) }
        guard hasPlace else {
            throw obstacle
                ?? ImageError(.refused, "the seek index was found to be wrong, and is not used any more")
        }
        do {
            try save(waiting: true, restoring: true)
        } catch {
            // The caller learns of it from the error; a warning would only repeat it.
            state.withLock { $0.hasWarned = true }
            throw error
        }
    }

    /// Saves. If that fails, the user is warned, the first time only.
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
    /// True if a thread is saving, or about to.
    var isAboutToSave: Bool { isSaving || isSaverComing }

    /// Announces a thread that saves, unless there is one, or no place. Returns true if the caller must start it.
    fileprivate mutating func comesToSaving() -> Bool {
        guard place != nil, !isAboutToSave else { return false }
        isSaverComing = true
        return true
    }

    fileprivate mutating func add(_ span: SeekSpan, _ detail: [UInt8], _ runs: [Range<UInt64>]) {
        // Spans that it overlaps were taken over from another process, and the caller does not know them.
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
        // Spans that another process saves may come from the index that was wrong.
        merges = false
        if place?.cache == nil { place = nil }
    }
}
