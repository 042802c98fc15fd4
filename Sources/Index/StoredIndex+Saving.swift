import VitrineFormats

// Saving: a thread takes a copy of what is known, writes it without the lock, and settles what has changed since.
extension StoredIndex {
    /// A copy of the state that a thread saves.
    private struct Work {
        var state: State
        var place: IndexLocation
        /// True to write a file again that was removed meanwhile.
        var restores: Bool
    }

    /// The result of a save.
    private struct Saved {
        var index: IndexFile
        var identity: FileIdentity
        /// Spans that another process had saved.
        var taken: [SeekSpan]
    }

    /// The number of times that a file is written without the lock. It cannot be put in place if another process has saved meanwhile.
    private static let attempts = 3

    /// Saves what is not saved yet. If another thread is saving, waits for it first if `waiting`, and does nothing otherwise.
    ///
    /// Writes a file again that was saved and has been removed since, if `restoring`. Otherwise its removal says it is not wanted.
    func save(waiting: Bool, restoring: Bool = false) throws(ImageError) {
        try requireUnchangedImage()
        guard let work = begin(waiting: waiting, restoring: restoring) else { return }
        let start = ContinuousClock.now
        do {
            let saved = try write(work)
            settle(work, saved, took: .now - start, failed: false)
        } catch {
            settle(work, nil, took: .now - start, failed: true)
            throw error
        }
    }

    /// Throws `refused`, the first time, if the image has changed: what was found out is true of neither the old nor the new image.
    private func requireUnchangedImage() throws(ImageError) {
        guard state.withLock({ $0.place != nil }), imageHasChanged() else { return }
        let error = ImageError(
            .refused,
            "the image was written to after it was opened, so vitrine saves nothing more in its seek index")
        state.change { state in
            state.place = nil
            state.obstacle = error
        }
        throw error
    }

    private func begin(waiting: Bool, restoring: Bool) -> Work? {
        // The closure returns nil to wait.
        state.wait { state -> Work?? in
            if state.isSaving { return waiting ? nil : .some(nil) }
            guard let place = state.place else { return .some(nil) }
            state.isSaving = true
            state.removedWhileSaving = []
            return Work(state: state, place: place, restores: restoring)
        }
    }

    /// Writes the file. Nil if there is nothing to write.
    private func write(_ work: Work) throws(ImageError) -> Saved? {
        if !work.state.isChanged, !isToBeRestored(work), try !isMissing(work) { return nil }
        let folder = try work.place.folder()
        // Writing takes long, and others should not wait for it, so it is done under the lock only if they save too often.
        for _ in 0..<Self.attempts {
            if let saved = try write(work, in: folder, isLocked: false) { return saved }
        }
        return try folder.withLock { () throws(ImageError) in try write(work, in: folder, isLocked: true) }
    }

    /// Writes the file and puts it in place. Nil if another process has saved meanwhile.
    private func write(_ work: Work, in folder: Folder, isLocked: Bool) throws(ImageError) -> Saved? {
        var contents = work.state.contents
        var taken: [SeekSpan] = []
        let found = work.place.identity()
        if found != nil, found != work.state.identity, let other = try others(work) {
            taken = contents.merge(other, except: work.state.removed)
        }
        let new = try work.place.newFile(in: folder)
        let index = try contents.write(to: new)
        let putInPlace = { () throws(ImageError) in
            guard work.place.identity() == found else { return false }
            try new.putInPlace()
            return true
        }
        guard isLocked ? try putInPlace() : try folder.withLock(putInPlace) else { return nil }
        work.place.noteSaved(in: folder)
        return Saved(index: index, identity: new.identity, taken: taken)
    }

    /// True if the file is gone, should be restored, and would hold some spans.
    private func isToBeRestored(_ work: Work) -> Bool {
        work.restores && !work.state.contents.spans.kept.isEmpty && work.place.identity() == nil
    }

    /// True if another process has replaced our file by one without some of our spans, as happens when two save at the same time.
    /// False if the file was removed.
    private func isMissing(_ work: Work) throws(ImageError) -> Bool {
        guard let found = work.place.identity(), found != work.state.identity else { return false }
        guard let other = try others(work) else { return false }
        let table = SpanTable(of: other)
        return !work.state.contents.spans.kept.allSatisfy { table.overlaps($0.span.range) }
    }

    /// The index at the place, if it may be taken over.
    ///
    /// Throws if it must not be replaced.
    private func others(_ work: Work) throws(ImageError) -> IndexFile? {
        do {
            let other = try work.place.load()?.index
            return work.state.merges ? other : nil
        } catch {
            // It is damaged, or must not be trusted. It is replaced, unless the user named it and it is something else.
            if work.place.cache == nil, error.code != .corrupt, error.code != .limit { throw error }
            return nil
        }
    }

    private func settle(_ work: Work, _ saved: Saved?, took: Duration, failed: Bool) {
        let isDropped = state.change { state in
            state.isSaving = false
            state.hasFailed = failed
            state.nextSave = .now + max(failed ? policy.retry : policy.interval, took * policy.rarity)
            guard let saved else { return false }
            guard state.generation == work.state.generation else { return true }
            var spans = SpanTable(of: saved.index)
            var isChanged = false
            for range in state.removedWhileSaving where !spans.remove(range).isEmpty { isChanged = true }
            for kept in state.contents.spans.kept {
                if case .unsaved(_, let serial) = kept.detail, serial >= work.state.serial {
                    spans.insert(kept)
                    isChanged = true
                }
            }
            state.contents.spans = spans
            for span in saved.taken {
                guard case .saved? = spans.find(span)?.detail else { continue }
                for run in saved.index.zeroRuns.within(span.range) { state.contents.zeroes.insert(run) }
            }
            // Spans that could not be copied are gone.
            state.contents.zeroes = state.contents.zeroes.within(spans.kept.map(\.span.range))
            state.isChanged = isChanged
            state.identity = saved.identity
            return false
        }
        if isDropped, let saved { work.place.removeIfCached(saved.identity) }
    }
}
