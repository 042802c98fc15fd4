/// A logical volume: a disk of its own, in extents of one or more partitions.
package struct LogicalVolume: Sendable {
    /// The name of its group, a slash, and its own name. Letters, digits, and `+_.-`.
    package let name: String

    /// Its size in bytes. 0 if it is not known.
    package let size: UInt64

    /// Its bytes, or the reason that they cannot be read.
    package let content: Result<any Source, ImageError>

    /// The index of the physical volume that has its first bytes, or at least its description, among those that were looked at.
    package let place: Int

    /// The name that the device mapper gives it: `vg--0-root` for `vg-0/root`.
    package var mapperName: String { name.replacing("-", with: "--").replacing("/", with: "-") }

    /// The same volume, listed at another place.
    func at(_ place: Int) -> LogicalVolume {
        LogicalVolume(name: name, size: size, content: content, place: place)
    }

    /// The same volume, which cannot be read for a `reason`.
    func without(_ reason: ImageError) -> LogicalVolume {
        LogicalVolume(name: name, size: size, content: .failure(reason), place: place)
    }

    /// Its bytes. Nil if they cannot be read.
    package var source: (any Source)? { try? content.get() }

    /// The reason that it cannot be read. Nil if it can be.
    package var reason: ImageError? {
        guard case .failure(let error) = content else { return nil }
        return error
    }
}
