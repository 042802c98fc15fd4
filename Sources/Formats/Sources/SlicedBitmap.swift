/// The part of a dirty bitmap that covers a window onto its disk.
struct SlicedBitmap: DirtyBitmap {
    let base: any DirtyBitmap

    /// The start of the window on the disk, in bytes.
    let start: UInt64

    var name: String { base.name }

    var granularity: UInt64 { base.granularity }

    func extent(in range: Range<UInt64>) throws(ImageError) -> (range: Range<UInt64>, isDirty: Bool) {
        let found = try base.extent(in: range.moved(from: 0, to: start))
        return (found.range.moved(from: start, to: 0), found.isDirty)
    }
}
