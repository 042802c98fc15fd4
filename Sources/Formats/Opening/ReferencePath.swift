/// The place of a file of an image: its path within a directory.
///
/// Names in the file are relative to this path, by which the file was opened, and not to the target of a link at its end.
struct ReferencePath: Sendable {
    let directory: Directory
    let path: PathName
}
