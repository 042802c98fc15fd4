/// Which other files that an image names (backing files, data files, extents, parents) may be opened with it.
///
/// Only regular files ever are; and none by a name, or a symbolic link, that leads out of where they are allowed.
public enum ReferencePolicy: Equatable, Sendable {
    /// None.
    case none
    /// Those in the image's own directory or below.
    case directory
    /// Those, and the ones in the directories with these paths or below.
    case folders([SystemString])
}
