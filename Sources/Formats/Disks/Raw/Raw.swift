extension Format {
    /// A disk as it is: every byte of the file is the byte of the disk at the same offset.
    package static let raw = Format(
        name: "raw", kind: .disk, extensions: ["raw", "img"], doubt: { RawLook.warning(of: $0) },
        recognises: { _ in true }
    ) { (file, _) throws(ImageError) in Inspection(file) }
}
