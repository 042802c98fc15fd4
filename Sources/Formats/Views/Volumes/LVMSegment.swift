/// A segment of a logical volume.
///
///     segment1 {
///         start_extent = 0  extent_count = 8  type = "striped"
///         stripe_count = 2  stripe_size = 128  stripes = [ "pv0", 16, "pv1", 0 ]
///     }
///
/// A linear segment has one stripe, and then no size of stripes.
struct LVMSegment {
    /// A run of extents on one physical volume.
    struct Stripe {
        /// The name that the group has for the physical volume, or that of another logical volume.
        let volume: String
        /// The number of the first extent.
        let extent: UInt64
    }

    /// The most stripes that LVM makes.
    private static let maximumStripes: UInt64 = 128

    /// The place in the logical volume, in extents.
    let start: UInt64
    let count: UInt64

    /// The type, without flags.
    let type: String

    /// The stripes. Empty unless the type is linear or striped.
    private(set) var stripes: [Stripe] = []

    /// The number of extents of each stripe.
    var stripeExtents: UInt64 { count / UInt64(max(stripes.count, 1)) }

    /// The number of bytes that lie in a stripe before the next goes on.
    private(set) var chunkSize: UInt64 = 0

    /// True if the place of each byte follows from the stripes.
    var isPlain: Bool { type == "striped" || type == "linear" }

    /// Reads a segment of a group with extents of `extentSize` bytes.
    init(_ section: LVMSection, extentSize: UInt64) throws(ImageError) {
        start = try section.integer("start_extent", in: 0...UInt64(UInt32.max))
        count = try section.integer("extent_count", in: 1...UInt64(UInt32.max))
        type = String(try section.text("type").prefix { $0 != "+" }.prefix(64))
        guard isPlain else { return }
        let stripeCount = try section.integer("stripe_count", in: 1...Self.maximumStripes)
        let list = section.list("stripes")
        guard list.count == 2 * Int(stripeCount) else {
            throw ImageError(
                .corrupt, "stripes has \(list.count) values, expected \(2 * stripeCount) for stripe_count")
        }
        for index in stride(from: 0, to: list.count, by: 2) {
            guard case .text(let volume) = list[index], case .integer(let number) = list[index + 1],
                let extent = UInt32(exactly: number)
            else { throw ImageError(.corrupt, "stripes has something else than names and extents") }
            stripes.append(Stripe(volume: volume, extent: UInt64(extent)))
        }
        guard stripeCount > 1 else { return }
        guard count.isMultiple(of: stripeCount) else {
            throw ImageError(
                .corrupt, "extent_count is \(count), expected a multiple of stripe_count \(stripeCount)")
        }
        let sectors = try section.integer("stripe_size", in: 1...UInt64(UInt32.max))
        chunkSize = sectors * VolumeGroup.sectorSize
        guard let bytes = stripeExtents.times(extentSize), bytes.isMultiple(of: chunkSize) else {
            throw ImageError(
                .corrupt,
                "stripe_size is \(sectors), which does not divide \(stripeExtents) extents of "
                    + "\(extentSize) bytes")
        }
    }

    /// The segments of the volume that `section` describes, in their order.
    ///
    /// Throws `corrupt` if there are none, if one is damaged, or if one does not start where the one before ends.
    static func all(in section: LVMSection, extentSize: UInt64) throws(ImageError) -> [LVMSegment] {
        let stored = section.sections.count { $0.name.hasPrefix("segment") }
        let count = try section.integer("segment_count", in: 0...UInt64(stored))
        guard count > 0 else { throw ImageError(.corrupt, "it has no segments") }
        var segments: [LVMSegment] = []
        var end: UInt64 = 0
        for number in 1...count {
            let name = "segment\(number)"
            let segment = try inside(name) { () throws(ImageError) in
                guard let section = section.section(name) else { throw ImageError(.corrupt, "it is missing") }
                return try LVMSegment(section, extentSize: extentSize)
            }
            guard segment.start == end else {
                throw ImageError(.corrupt, "\(name) starts at extent \(segment.start), expected \(end)")
            }
            end += segment.count
            segments.append(segment)
        }
        return segments
    }
}
