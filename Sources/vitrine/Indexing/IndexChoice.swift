import VitrineFormats

/// Where the seek index of an image is kept.
enum IndexChoice: Equatable, Sendable {
    /// In the user's cache.
    case automatic
    /// In the file at this path.
    case path(SystemString)
    /// Nowhere: none is used, and none is made.
    case none
}
