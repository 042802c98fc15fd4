/// The header of a vmfsSparse (COWD) extent, in which ESX kept snapshots.
///
/// Layout, integers little-endian, offsets and sizes in sectors of 512 bytes (libvmdk, "The COWD sparse extent data file"):
///
///      0  magic         4   COWD
///      4  version       4   1
///      8  flags         4
///     12  capacity      4   of the extent
///     16  grainSize     4
///     20  gdOffset      4
///     24  numGDEntries  4   each for a grain table of 4096 entries
struct COWDHeader: Sendable {
    static let magic: [UInt8] = Array("COWD".utf8)

    /// The size of the extent, in bytes.
    let capacity: UInt64
    let layout: GrainLayout
    private let directory: UInt64

    /// Reads the header at the start of `file`. Trusts no value that is not checked here.
    init(_ file: any Source) throws(ImageError) {
        let fields = try Fields("header", of: file, at: 0, count: 2048)
        try fields.require("magic", at: 0, is: Self.magic)
        let version: UInt32 = try fields.little("version", at: 4)
        guard version == 1 else {
            throw ImageError(.unsupported, "version at 4 is \(version), expected 1")
        }
        capacity = UInt64(try fields.little("capacity", at: 12, as: UInt32.self)) * 512
        let grain: UInt32 = try fields.little("grainSize", at: 16)
        guard grain.nonzeroBitCount == 1, grain <= 1 << 21 else {
            throw ImageError(
                .corrupt, "grainSize at 16 is \(grain), expected a power of 2, \(1 << 21) at most")
        }
        layout = GrainLayout(
            clusterBits: 9 + UInt64(grain.trailingZeroBitCount), l2Bits: 12, hasZeroGrains: false,
            isCompressed: false)
        directory = UInt64(try fields.little("gdOffset", at: 20, as: UInt32.self)) * 512
        let entries: UInt32 = try fields.little("numGDEntries", at: 24)
        let needed = layout.l1Count(capacity)
        guard UInt64(entries) >= needed else {
            throw ImageError(
                .corrupt,
                "numGDEntries at 24 is \(entries), but an extent of \(capacity) bytes takes \(needed)")
        }
        guard file.holds(needed * 4, at: directory) else {
            throw ImageError(
                .corrupt,
                "gdOffset at 20 is \(directory / 512): a grain directory of \(needed * 4) bytes there passes the "
                    + "end of the file at \(file.size)")
        }
    }

    /// Reads the grain directory.
    func grainDirectory(_ file: any Source) throws(ImageError) -> L1Table {
        try L1Table(file, at: directory, count: Int(layout.l1Count(capacity)), .little32)
    }
}
