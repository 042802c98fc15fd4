public import VitrineFormats

extension OpenOptions {
    /// Keeps seek indexes, which say where decoding can start, for the next time: in the folder `vitrine` of the user's cache
    /// (`$XDG_CACHE_HOME`, or `~/.cache`), up to 4 GiB for all images together.
    ///
    /// No read fails because an index cannot be kept: `warn` is called with a text that says so.
    public mutating func keepIndexes(warn: @escaping @Sendable (String) -> Void = { _ in }) {
        indexes = IndexFinder(warn: warn)
    }
}
