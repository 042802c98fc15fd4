/// What has changed on a disk since some moment, as its format has kept track of it.
package protocol DirtyBitmap: Sendable {
    /// Its name, which no other bitmap of the disk has.
    var name: String { get }

    /// How much of the disk one bit stands for, in bytes.
    var granularity: UInt64 { get }

    /// Whether the start of `range` is dirty, and how far into `range` that stays the same.
    ///
    /// `range` lies inside the disk and is not empty.
    func extent(in range: Range<UInt64>) throws(ImageError) -> (range: Range<UInt64>, isDirty: Bool)
}
