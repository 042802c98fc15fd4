/// The record of what has changed on a disk since some moment, kept by its format.
package protocol DirtyBitmap: Sendable {
    /// Its name, which no other bitmap of the disk has.
    var name: String { get }

    /// The bytes of the disk that one bit stands for.
    var granularity: UInt64 { get }

    /// True if the start of `range` is dirty, and the part of `range` over which that stays the same.
    ///
    /// `range` lies inside the disk and is not empty.
    func extent(in range: Range<UInt64>) throws(ImageError) -> (range: Range<UInt64>, isDirty: Bool)
}
