extension Format {
    /// VMDK: a sparse extent that is a disk of its own, or a descriptor of a disk in several files
    /// ("Virtual Disk Format 5.0").
    package static let vmdk = Format(
        name: "vmdk", kind: .disk, extensions: ["vmdk"], seekKind: .vmdk, handlesTruncation: true,
        recognises: {
            $0.has(SparseExtentHeader.magic) || $0.has(COWDHeader.magic) || $0.has(SESparseHeader.magic)
                || VMDKDescriptor.isDescriptor($0.head)
        }
    ) { (file, context) throws(ImageError) in
        let image = try VMDKImage(file, context)
        return Inspection(
            size: image.size, properties: image.properties, warnings: image.warnings,
            references: image.references, details: { image.details }, open: image.open)
    }
}

extension SeekKind {
    /// Compressed grains in a VMDK stream whose grain directory is missing.
    package static let vmdk = SeekKind(2, of: "vmdk")
}
