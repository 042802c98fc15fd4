/// The header of a qcow image, version 1 of the format.
///
/// Layout, integers big-endian (qemu block/qcow.c):
///
///      0  magic                8   QFI fb, then the version
///      8  backing_file_offset  8   0 for none
///     16  backing_file_size    4   not NUL-terminated
///     20  mtime                4   of the backing file, ignored
///     24  size                 8   of the disk, in bytes
///     32  cluster_bits         1
///     33  l2_bits              1   log2 of the entries of an L2 table
///     34  padding              2
///     36  crypt_method         4
///     40  l1_table_offset      8
struct QCOW1Header: Sendable {
    /// The magic and the version.
    static let start: [UInt8] = [0x51, 0x46, 0x49, 0xFB, 0, 0, 0, 1]

    let layout: QCOWLayout

    /// The size of the disk, in bytes.
    let size: UInt64

    let isEncrypted: Bool

    /// The backing file, which holds what the image does not. Its format is not recorded anywhere.
    let backingFile: Reference?

    let l1: QCOW2L1Fields

    /// Reads the header at the start of `file`. Trusts no value that is not checked here.
    init(_ file: any Source) throws(ImageError) {
        let fields = try Fields("header", of: file, at: 0, count: 48)
        try fields.require("magic and version", at: 0, is: Self.start)
        let clusterBits: UInt8 = try fields.big("cluster_bits", at: 32)
        try fields.require("cluster_bits", clusterBits, in: 9...16, at: 32)
        let l2Bits: UInt8 = try fields.big("l2_bits", at: 33)
        try fields.require("l2_bits", l2Bits, in: 6...13, at: 33)
        layout = QCOWLayout(
            kind: .qcow1, clusterBits: UInt64(clusterBits), l2Bits: UInt64(l2Bits), hasDataFile: false)
        size = try fields.big("size", at: 24)
        try fields.require("size", size, in: 0...UInt64(Int64.max), at: 24)
        isEncrypted =
            switch try fields.big("crypt_method", at: 36, as: UInt32.self) {
            case 0: false
            case 1: true
            case let method:
                throw ImageError(.unsupported, "crypt_method at 36 is \(method), expected 0 or 1")
            }
        backingFile = try Self.backingFile(fields, file)
        let count = layout.l1Count(size)
        guard count <= QCOW2Header.maximumL1Size / 8 else {
            throw ImageError(
                .limit,
                "size at 24 is \(size), which takes an L1 table of \(count) entries, expected "
                    + "\(QCOW2Header.maximumL1Size / 8) at most")
        }
        l1 = QCOW2L1Fields(offset: try fields.big("l1_table_offset", at: 40), count: UInt32(count))
        try file.require("the L1 table", at: l1.offset, count: count * 8)
    }

    private static func backingFile(
        _ fields: Fields, _ file: any Source
    ) throws(ImageError) -> Reference? {
        let offset: UInt64 = try fields.big("backing_file_offset", at: 8)
        let count: UInt32 = try fields.big("backing_file_size", at: 16)
        guard offset != 0, count != 0 else { return nil }
        try fields.require("backing_file_size", count, in: 0...QCOW2Header.maximumName, at: 16)
        return Reference(
            .backingFile, try Fields("backing file name", of: file, at: offset, count: Int(count)).bytes)
    }
}
