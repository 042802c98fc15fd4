/// Where a file of an image is: its path within a directory.
///
/// Names in the file are meant from there, as the name it was opened by says, and not where a link at its end leads.
struct ReferencePlace: Sendable {
    let directory: Directory
    let path: PathName
}
