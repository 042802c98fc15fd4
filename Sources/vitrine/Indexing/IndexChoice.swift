import VitrineFormats

/// The place that the seek index of an image is kept in.
enum IndexChoice: Equatable, Sendable {
    /// The user's cache.
    case automatic
    /// The file at this path.
    case path(SystemString)
    /// No place: no index is used, and none is made.
    case none
}
