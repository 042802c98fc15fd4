/// The size and the format that a layer around a disk records for the disk. They may be wrong.
package struct RecordedDisk: Sendable {
    /// The layer that records them, as in `tar: the OVF descriptor`.
    package var place: String

    /// The size of the disk, in bytes. Nil if none is recorded.
    package var size: UInt64?

    /// The names of the formats that the disk may have, the likely one first. Nil if none is recorded.
    package var formats: [String]?

    /// Warnings about a disk that is in `format`, and has `found` bytes if that is known.
    func warnings(format: String, size found: UInt64?) -> [String] {
        var warnings: [String] = []
        if let size, let found, size != found {
            warnings.append("\(place) gives the disk \(size) bytes, but it has \(found)")
        }
        if let first = formats?.first, formats?.contains(format) == false {
            warnings.append("\(place) gives the disk the format \(first), but it is \(format)")
        }
        return warnings
    }
}
