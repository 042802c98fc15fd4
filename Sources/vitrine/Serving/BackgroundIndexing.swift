import VitrineFormats

/// A thread that indexes an image while nobody waits for it.
final class BackgroundIndexing: Sendable {
    private enum State {
        case working
        case stopping
        case ended
    }

    private let state = Monitor(State.working)

    /// Starts to index the layers of `image` that are not indexed yet, the outermost first. Saves the result in `store`.
    init(of image: Image, _ store: IndexStore) {
        let layers = image.file.indexables.map(\.layer).filter { !$0.indexState.isComplete }
        let started = Thread.start("vitrine-index") { [state] in
            let isStopped = { @Sendable () -> Bool in
                state.withLock { if case .working = $0 { false } else { true } }
            }
            for layer in layers { layer.indexInBackground(isStopped: isStopped) }
            store.save()
            state.change { $0 = .ended }
        }
        // Without the thread, everything that clients read is indexed nevertheless.
        if !started { state.change { $0 = .ended } }
    }

    /// Makes the thread end after its current work, and waits for that.
    func stop() {
        state.change { if case .working = $0 { $0 = .stopping } }
        state.wait { if case .ended = $0 { () } else { nil } }
    }
}
