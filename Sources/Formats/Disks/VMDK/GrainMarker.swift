/// The marker in front of a grain or of tables in a stream.
///
/// Layout, integers little-endian ("Virtual Disk Format 5.0", "Stream-Optimized Compressed Sparse Extents"):
///
///      0  val    8   of a grain: its first sector on the disk; else the sectors that follow the marker's
///      8  size   4   of a grain: the bytes of its data, which follow; else 0
///     12  type   4   if size is 0
struct GrainMarker: Sendable {
    enum Kind: Equatable, Sendable {
        case grain(size: UInt32)
        case endOfStream
        case grainTable
        case grainDirectory
        case footer
        case other(UInt32)
    }

    /// The offset of a grain's data from the start of its marker, in bytes.
    static let size: UInt64 = 12

    let value: UInt64
    let kind: Kind

    /// Reads the marker at `offset` of `file`.
    init(_ file: any Source, at offset: UInt64) throws(ImageError) {
        let fields = try Fields("grain marker", of: file, at: offset, count: 16)
        value = try fields.little("val", at: 0)
        let size: UInt32 = try fields.little("size", at: 8)
        let type: UInt32 = try fields.little("type", at: 12)
        kind =
            switch (size, type) {
            case (1..., _): .grain(size: size)
            case (_, 0): .endOfStream
            case (_, 1): .grainTable
            case (_, 2): .grainDirectory
            case (_, 3): .footer
            default: .other(type)
            }
    }

    /// The most bytes that the data of a grain of `grainSize` bytes may take. Incompressible data becomes a little
    /// larger than the grain; qemu reads twice the grain's size.
    static func maximumData(_ grainSize: UInt64) -> UInt64 { 2 * max(grainSize, 4096) }

    /// The bytes from the start of this marker to the next. Nil if they are out of all bounds.
    func length(_ grainSize: UInt64) -> UInt64? {
        switch kind {
        case .grain(let size):
            guard UInt64(size) <= Self.maximumData(grainSize) else { return nil }
            return (Self.size + UInt64(size) + 511) & ~511
        case .endOfStream, .grainTable, .grainDirectory, .footer, .other:
            guard value <= 1 << 32 else { return nil }
            return 512 + value * 512
        }
    }
}
