package import VitrineFormats

/// Dirty or not, as a bitmap of the disk's format says.
///
/// Source: qemu's docs/interop/nbd.txt.
package struct BitmapStatus: ExportStatus {
    /// It has been written to since the bitmap was made.
    package static let dirty: UInt32 = 1 << 0
    /// The start of the names of all bitmaps.
    package static let prefix = "qemu:dirty-bitmap:"

    private let bitmap: any DirtyBitmap

    package init(_ bitmap: any DirtyBitmap) {
        self.bitmap = bitmap
    }

    package var name: String { Self.prefix + bitmap.name }

    /// The bits are in tables that may have to be read.
    package func stretch(
        of source: any Source, in range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> StatusStretch? {
        guard mayWait else { return nil }
        let found = try bitmap.extent(in: range)
        return StatusStretch(found.range, found.isDirty ? Self.dirty : 0)
    }
}
