/// The location of a qcow2 image's list of bitmaps (docs/interop/qcow2.txt, "Bitmaps extension").
struct QCOW2BitmapDirectory: Sendable {
    // The limits of qemu.
    private static let maximumCount: UInt32 = 65_535
    private static let maximumSize: UInt64 = 64 << 20

    let count: UInt32

    /// The length of the list, in bytes.
    let size: UInt64

    /// The offset of the list in the file, in bytes.
    let offset: UInt64

    /// The first entries, in order, at most `limit`.
    ///
    /// Throws if an entry is invalid, or the list exceeds qemu's limits.
    func entries(
        of file: any Source, clusterSize: UInt64, limit: Int
    ) throws(ImageError) -> [QCOW2BitmapEntry] {
        guard count > 0, count <= Self.maximumCount else {
            throw ImageError(.limit, "nb_bitmaps is \(count), expected 1...\(Self.maximumCount)")
        }
        guard size <= Self.maximumSize else {
            throw ImageError(.limit, "bitmap_directory_size is \(size), expected \(Self.maximumSize) at most")
        }
        try QCOW2Header.requireAlignment("bitmap_directory_offset", offset, clusterSize)
        try file.require("the bitmap directory", at: offset, count: size)
        var reader = WindowReader(file)
        var position = offset
        var entries: [QCOW2BitmapEntry] = []
        while entries.count < min(Int(count), limit) {
            guard position - offset < size else {
                throw ImageError(
                    .corrupt, "the bitmap directory ends after \(entries.count) bitmaps, expected \(count)")
            }
            entries.append(try QCOW2BitmapEntry(&reader, &position))
        }
        return entries
    }
}
