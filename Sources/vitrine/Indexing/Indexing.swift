import VitrineFormats

/// The indexing of one layer of an image, as the user sees it.
struct Indexing {
    /// The name of the layer in messages.
    let title: String
    let layer: any Indexable
    let style: ProgressDisplay.Style
    /// True if the user wants it to end early; called from any thread.
    let isStopped: @Sendable () -> Bool

    /// Indexes everything that is not indexed yet. Returns the time that took. Nil if nothing was left to do.
    ///
    /// Returns early if it is stopped. Throws the error of data that cannot be decoded; the rest is indexed nevertheless.
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

    /// Decodes everything through the index. Returns the time that the slowest span took, in microseconds. Nil if it was stopped.
    ///
    /// Throws an error for the first data that is not as it was when it was indexed.
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
