import VitrineFormats

/// The indexing of one layer of an image, as the user sees it.
struct Indexing {
    /// What the layer is called in messages.
    let title: String
    let layer: any Indexable
    let style: ProgressDisplay.Style
    /// Whether the user wants it to end early; asked from any thread.
    let isStopped: @Sendable () -> Bool

    /// Indexes what is not indexed yet, and returns how long that took; nil where nothing was left to do.
    ///
    /// Returns early when it is stopped. Throws what cannot be decoded; the rest is indexed all the same.
    func build() throws(ImageError) -> Duration? {
        let before = layer.indexState
        if before.isComplete { return nil }
        let progress = ProgressDisplay("indexing", total: before.size, atStart: before.indexed, style)
        defer { progress.finish() }
        try named { () throws(ImageError) in
            try layer.buildIndex(isStopped: isStopped) { progress.update($0.indexed) }
        }
        return progress.elapsed
    }

    /// Decodes everything as the index says, and returns how long the slowest span took, in microseconds;
    /// nil where it was stopped.
    ///
    /// Throws the first thing that is not as it was when it was indexed.
    func verify() throws(ImageError) -> UInt32? {
        let slowest = Monitor<UInt32>(0)
        let progress = ProgressDisplay("verifying", total: layer.size, style)
        defer { progress.finish() }
        try named { () throws(ImageError) in
            try layer.verifyIndex(isStopped: isStopped) { bytes, worst in
                slowest.withLock { $0 = max($0, worst) }
                progress.update(bytes)
            }
        }
        return isStopped() ? nil : slowest.withLock { $0 }
    }

    private func named(_ body: () throws(ImageError) -> Void) throws(ImageError) {
        try inside(title) { () throws(ImageError) in try body() }
    }
}
