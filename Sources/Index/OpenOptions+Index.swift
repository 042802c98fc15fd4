public import VitrineFormats

extension OpenOptions {
    /// Keeps what is learnt about where decoding can start, for the next time: in the folder `vitrine` of the
    /// user's cache (`$XDG_CACHE_HOME`, or `~/.cache`), up to 4 GiB for all images together.
    ///
    /// What cannot be kept makes no read fail; `warn` is told about it, in words.
    public mutating func keepIndexes(warn: @escaping @Sendable (String) -> Void = { _ in }) {
        indexes = IndexFinder(warn: warn)
    }
}
