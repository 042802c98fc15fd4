extension Format {
    /// qcow2, of versions 2 and 3 (qemu docs/interop/qcow2.txt).
    package static let qcow2 = Format(
        name: "qcow2", kind: .disk, extensions: ["qcow2"], options: [SnapshotOption.self],
        recognises: { $0.has(QCOW2Header.magic) && !$0.has(QCOW1Header.start) }
    ) { (file, context) throws(ImageError) in
        let image = try QCOW2Image(file, context)
        return Inspection(
            size: image.size, properties: image.properties, warnings: image.warnings,
            references: image.references, details: { image.details }, open: image.open)
    }
}
