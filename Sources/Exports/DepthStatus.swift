package import VitrineFormats

/// The number of the image, in a chain of backing files, that holds the data; 0 if none does.
///
/// Source: qemu's docs/interop/nbd.txt.
package struct DepthStatus: ExportStatus {
    package let name = "qemu:allocation-depth"

    package init() {}

    /// The depths are in tables that may have to be read.
    package func stretch(
        of source: any Source, in range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> StatusStretch? {
        guard mayWait else { return nil }
        let allocation = try source.depth(in: range)
        return StatusStretch(allocation.range, UInt32(allocation.depth))
    }
}
