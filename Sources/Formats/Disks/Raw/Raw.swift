extension Format {
    /// A disk as it is: every byte of the file is the byte of the disk at the same offset.
    package static let raw = Format(
        name: "raw", kind: .disk, extensions: ["raw", "img"], recognises: { _ in true }
    ) { (file, _) throws(ImageError) in
        var inspection = Inspection(file)
        // A head that cannot be read gives no warning.
        if let probe = try? FileProbe(of: file), let warning = RawLook.warning(of: probe) {
            inspection.warnings.append(warning)
        }
        return inspection
    }
}
