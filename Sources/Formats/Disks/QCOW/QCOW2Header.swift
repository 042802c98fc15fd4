/// The fixed part of a qcow2 header, of versions 2 and 3.
///
/// Source: qemu docs/interop/qcow2.txt, "Header". All integers are big-endian. Fields without use for a reader, such as
/// the refcount table, are not read.
struct QCOW2Header: Sendable {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xFB]

    enum Encryption: String, Sendable {
        case none
        case aes
        case luks
    }

    enum Compression: String, Sendable {
        case zlib
        case zstd
    }

    /// The largest size of the L1 table in bytes, as in qemu: it covers 2 PiB with clusters of 64 KiB.
    static let maximumL1Size: UInt64 = 32 << 20

    /// The largest length of a backing file's name in bytes, as in qemu.
    static let maximumName: UInt32 = 1023

    let version: UInt32

    /// log2 of the cluster size in bytes, 9...21.
    let clusterBits: UInt32

    /// The size of the disk in bytes, which need not be a multiple of anything.
    let size: UInt64

    /// The range of the backing file's name in the file. Nil if there is no backing file.
    let backingName: Range<UInt64>?

    let encryption: Encryption

    /// The location of the L1 table. All of the table lies inside the file.
    let l1: QCOW2L1Fields

    let snapshotCount: UInt32
    let snapshotOffset: UInt64

    let features: QCOW2Features

    /// log2 of the width of a refcount in bits.
    let refcountOrder: UInt32

    /// The end of the header, in bytes, where its extensions start.
    let length: UInt32

    /// The number of the compression method: 0 for zlib, 1 for zstd, others are unknown.
    let compressionType: UInt8

    var clusterSize: UInt64 { 1 << UInt64(clusterBits) }

    var compression: Compression? {
        switch compressionType {
        case 0: .zlib
        case 1: .zstd
        default: nil
        }
    }

    /// The offset at which extensions end: at the name of the backing file, or else at the end of the first cluster.
    var extensionsEnd: UInt64 { backingName?.lowerBound ?? clusterSize }

    /// log2 of the entries of an L2 table, which is one cluster.
    var l2Bits: UInt32 { clusterBits - (features.hasExtendedL2 ? 4 : 3) }

    /// Reads the header at the start of `file`. Trusts no value that is not checked here.
    init(_ file: any Source) throws(ImageError) {
        let start = try Fields("header", of: file, at: 0, count: 72)
        try start.require("magic", at: 0, is: Self.magic)
        version = try start.big("version", at: 4)
        guard version == 2 || version == 3 else {
            throw ImageError(.unsupported, "version at 4 is \(version), expected 2 or 3")
        }
        let fields = version == 2 ? start : try Fields("header", of: file, at: 0, count: 104)
        clusterBits = try fields.big("cluster_bits", at: 20)
        try fields.require("cluster_bits", clusterBits, in: 9...21, at: 20)
        let clusterSize: UInt64 = 1 << UInt64(clusterBits)

        if version == 2 {
            (length, refcountOrder, features, compressionType) = (72, 4, QCOW2Features(), 0)
        } else {
            length = try fields.big("header_length", at: 100)
            try fields.require("header_length", length, in: 104...UInt32(clusterSize), at: 100)
            guard length.isMultiple(of: 8) else {
                throw ImageError(.corrupt, "header_length at 100 is \(length), expected a multiple of 8")
            }
            refcountOrder = try fields.big("refcount_order", at: 96)
            features = QCOW2Features(
                incompatible: try fields.big("incompatible_features", at: 72),
                compatible: try fields.big("compatible_features", at: 80),
                autoclear: try fields.big("autoclear_features", at: 88))
            compressionType =
                length > 104 ? try Fields("compression_type", of: file, at: 104, count: 1).bytes[0] : 0
        }
        guard (compressionType != 0) == features.hasCompressionType else {
            throw ImageError(
                .corrupt,
                "compression_type at 104 is \(compressionType), but the incompatible feature bit for it is "
                    + (features.hasCompressionType ? "set" : "not set"))
        }
        if features.hasExtendedL2, clusterBits < 14 {
            throw ImageError(
                .corrupt, "cluster_bits at 20 is \(clusterBits), expected 14...21 with extended L2 entries")
        }

        size = try fields.big("size", at: 24)
        try fields.require("size", size, in: 0...UInt64(Int64.max), at: 24)
        backingName = try Self.backingName(fields, clusterSize, file)
        encryption =
            switch try fields.big("crypt_method", at: 32, as: UInt32.self) {
            case 0: .none
            case 1: .aes
            case 2: .luks
            case let method:
                throw ImageError(.unsupported, "crypt_method at 32 is \(method), expected 0...2")
            }
        let l2Bits = clusterBits - (features.hasExtendedL2 ? 4 : 3)
        l1 = QCOW2L1Fields(
            offset: try fields.big("l1_table_offset", at: 40), count: try fields.big("l1_size", at: 36))
        try l1.check(
            "header", size: size, coverageBits: UInt64(clusterBits + l2Bits), clusterSize: clusterSize,
            file: file, maximumSize: Self.maximumL1Size)
        snapshotCount = try fields.big("nb_snapshots", at: 60)
        snapshotOffset = try fields.big("snapshots_offset", at: 64)
    }

    /// Throws `corrupt` unless `offset`, which is called `field`, is a multiple of `clusterSize`.
    static func requireAlignment(
        _ field: @autoclosure () -> String, _ offset: UInt64, _ clusterSize: UInt64
    ) throws(ImageError) {
        guard offset & (clusterSize - 1) == 0 else {
            throw ImageError(
                .corrupt, "\(field()) is \(offset), expected a multiple of the cluster size, \(clusterSize)")
        }
    }

    /// The range of the backing file's name, which lies in the first cluster. Nil if there is no name.
    private static func backingName(
        _ fields: Fields, _ clusterSize: UInt64, _ file: any Source
    ) throws(ImageError) -> Range<UInt64>? {
        let offset: UInt64 = try fields.big("backing_file_offset", at: 8)
        let count: UInt32 = try fields.big("backing_file_size", at: 16)
        guard offset != 0 else { return nil }
        try fields.require("backing_file_offset", offset, in: 0...clusterSize, at: 8)
        let limit = min(maximumName, UInt32(clusterSize - offset))
        try fields.require("backing_file_size", count, in: 0...limit, at: 16)
        guard count > 0 else { return nil }
        try file.require("backing file name", at: offset, count: UInt64(count))
        return offset..<offset + UInt64(count)
    }
}
