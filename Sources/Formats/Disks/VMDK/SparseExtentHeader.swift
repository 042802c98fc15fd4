/// The header of a sparse extent, or the footer of a stream, which is a copy of it.
///
/// Layout, integers little-endian, offsets and sizes in sectors of 512 bytes ("Virtual Disk Format 5.0", "Hosted Sparse Extents"):
///
///      0  magicNumber         4   KDMV
///      4  version             4   1, 2 or 3
///      8  flags               4
///     12  capacity            8   of the extent
///     20  grainSize           8
///     28  descriptorOffset    8   0 for none
///     36  descriptorSize      8
///     44  numGTEsPerGT        4   entries of a grain table
///     48  rgdOffset           8   the redundant grain directory
///     56  gdOffset            8   the grain directory; all ones if the footer has it
///     64  overHead            8
///     72  uncleanShutdown     1
///     73  newline bytes       4   damaged by transfers as text
///     77  compressAlgorithm   2   0 none, 1 deflate
struct SparseExtentHeader: Sendable {
    static let magic: [UInt8] = Array("KDMV".utf8)

    /// The value of gdOffset if the footer has it.
    static let atEnd = UInt64.max

    static let size = 512

    /// The largest number of entries of a grain directory: enough for 128 TiB with grains of 64 KiB. They take as much
    /// memory as the L1 table of a qcow2 image may.
    static let maximumDirectory: UInt64 = 4 << 20

    let version: UInt32
    let flags: UInt32
    /// The size of the extent, in bytes.
    let capacity: UInt64
    /// The size of a grain, in bytes: a power of 2.
    let grainSize: UInt64
    /// The range of the descriptor in the file, in bytes. Nil if there is none.
    let descriptor: Range<UInt64>?
    let entriesPerTable: UInt32
    /// The sectors at which the directories start.
    let redundantDirectory: UInt64
    let directory: UInt64
    /// The first sector at which a grain may start.
    let overhead: UInt64
    let isUnclean: Bool
    let isCompressed: Bool

    var hasRedundantDirectory: Bool { flags & 2 != 0 && redundantDirectory != 0 }
    var hasZeroGrains: Bool { flags & 4 != 0 }
    var hasMarkers: Bool { flags & 0x20000 != 0 }

    /// True if the file holds only the descriptor of a disk whose data is in other files.
    var isDescriptorOnly: Bool { capacity == 0 && descriptor != nil }

    var layout: GrainLayout {
        GrainLayout(
            clusterBits: UInt64(grainSize.trailingZeroBitCount),
            l2Bits: UInt64(entriesPerTable.trailingZeroBitCount), hasZeroGrains: hasZeroGrains,
            isCompressed: isCompressed, hasGrainInSector1: mayHaveGrainInSector1)
    }

    /// True if a grain may start right behind the header: by the header, sector 1 holds nothing else, and the entry 1
    /// does not stand for zeroes.
    private var mayHaveGrainInSector1: Bool {
        !hasZeroGrains && overhead <= 1 && descriptor?.lowerBound != 512 && directory != 1
            && !(hasRedundantDirectory && redundantDirectory == 1)
    }

    /// Reads the header at `offset` of `file`. Trusts no value that is not checked here.
    init(_ file: any Source, at offset: UInt64 = 0) throws(ImageError) {
        let fields = try Fields("header", of: file, at: offset, count: Self.size)
        try fields.require("magicNumber", at: 0, is: Self.magic)
        version = try fields.little("version", at: 4)
        guard (1...3).contains(version) else {
            throw ImageError(.unsupported, "version at \(fields.position(4)) is \(version), expected 1...3")
        }
        flags = try fields.little("flags", at: 8)
        if flags & 1 != 0 {
            // They differ in particular if the file was sent as text.
            try fields.require("newline bytes", at: 73, is: [0x0A, 0x20, 0x0D, 0x0A])
        }
        let sectors: UInt64 = try fields.little("capacity", at: 12)
        try fields.require("capacity", sectors, in: 0...UInt64(Int64.max) / 512, at: 12)
        capacity = sectors * 512
        let descriptorOffset: UInt64 = try fields.little("descriptorOffset", at: 28)
        let descriptorSize: UInt64 = try fields.little("descriptorSize", at: 36)
        if descriptorOffset == 0 || descriptorSize == 0 {
            descriptor = nil
        } else {
            try fields.require("descriptorOffset", descriptorOffset, in: 1...1 << 32, at: 28)
            guard descriptorSize <= UInt64(VMDKDescriptor.maximumSize) / 512 else {
                throw ImageError(
                    .limit,
                    "descriptorSize at \(fields.position(36)) is \(descriptorSize), expected "
                        + "\(VMDKDescriptor.maximumSize / 512) at most")
            }
            descriptor = descriptorOffset * 512..<(descriptorOffset + descriptorSize) * 512
        }
        redundantDirectory = try fields.little("rgdOffset", at: 48)
        directory = try fields.little("gdOffset", at: 56)
        overhead = try fields.little("overHead", at: 64)
        isUnclean = try fields.slice("uncleanShutdown", at: 72, count: 1) != [0]
        let algorithm: UInt16 = try fields.little("compressAlgorithm", at: 77)
        guard algorithm <= 1 else {
            throw ImageError(
                .unsupported, "compressAlgorithm at \(fields.position(77)) is \(algorithm), expected 0 or 1")
        }
        isCompressed = algorithm == 1 && flags & 0x10000 != 0
        let grain: UInt64 = try fields.little("grainSize", at: 20)
        entriesPerTable = try fields.little("numGTEsPerGT", at: 44)
        if sectors == 0, descriptor != nil {
            grainSize = 0
            return
        }
        guard grain.nonzeroBitCount == 1, entriesPerTable.nonzeroBitCount == 1, entriesPerTable <= 512 else {
            throw ImageError(
                .corrupt,
                "grainSize at \(fields.position(20)) is \(grain), numGTEsPerGT at \(fields.position(44)) "
                    + "\(entriesPerTable), expected powers of 2, the latter 512 at most")
        }
        // 1 GiB is qemu's limit. Compressed grains have 64 KiB in practice; their limit keeps what is decoded at once
        // small.
        let maximum: UInt64 = isCompressed ? 2 << 20 : 1 << 30
        guard grain <= maximum / 512 else {
            throw ImageError(
                .limit, "grainSize at \(fields.position(20)) is \(grain), expected \(maximum / 512) at most")
        }
        grainSize = grain * 512
        let count = layout.l1Count(capacity)
        guard count <= Self.maximumDirectory else {
            throw ImageError(
                .limit,
                "capacity at \(fields.position(12)) is \(sectors), which takes a grain directory of \(count) entries, "
                    + "expected \(Self.maximumDirectory) at most")
        }
    }
}
