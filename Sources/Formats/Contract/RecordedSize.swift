/// The size that a layer around a disk records for the disk.
package struct RecordedSize: Sendable {
    /// The size of the disk, in bytes.
    package var size: UInt64

    /// The layer and the field that give it, as in `tar: capacity in the OVF descriptor`.
    package var place: String

    /// A warning if the disk has another size, `found`. Nil if it does not.
    func warning(for found: UInt64) -> String? {
        found == size ? nil : "\(place) is \(size) bytes, but the disk has \(found)"
    }
}
