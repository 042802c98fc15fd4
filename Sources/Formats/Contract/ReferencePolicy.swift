/// The files named by an image (backing files, data files, extents, parents) that may be opened with it.
///
/// Only regular files ever are, and none by a name, or a symbolic link, that leads out of the allowed directories.
public enum ReferencePolicy: Equatable, Sendable {
    /// None.
    case none
    /// The files in the image's own directory or below.
    case directory
    /// Those files, and the files in the directories with these paths or below.
    case folders([SystemString])
}
