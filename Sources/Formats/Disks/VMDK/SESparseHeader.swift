/// The header of an seSparse extent, in which ESX keeps snapshots.
///
/// Layout, integers of 8 bytes, little-endian, offsets and sizes in sectors of 512 bytes (qemu block/vmdk.c):
///
///       0  magic            00000000cafebabe
///       8  version          0000000200000001
///      16  capacity         of the extent
///      24  grain_size       8
///      32  grain_table_size 64
///      40  flags            0
///      80  volatile_header_offset
///     128  grain_dir_offset, grain_dir_size
///     144  grain_tables_offset, grain_tables_size
///     192  grains_offset
struct SESparseHeader: Sendable {
    static let magic: [UInt8] = [0xBE, 0xBA, 0xFE, 0xCA, 0, 0, 0, 0]

    /// The size of the extent, in bytes.
    let capacity: UInt64
    let layout: SESparseLayout
    private let directory: UInt64

    /// Reads the header at the start of `file`. Trusts no value that is not checked here.
    init(_ file: any Source) throws(ImageError) {
        let fields = try Fields("header", of: file, at: 0, count: 512)
        try fields.require("magic", at: 0, is: Self.magic)
        func word(_ field: StaticString, _ offset: Int) throws(ImageError) -> UInt64 {
            try fields.little(field, at: offset)
        }
        /// Throws `unsupported` unless the field has its only known value.
        func require(_ field: StaticString, _ offset: Int, _ expected: UInt64) throws(ImageError) {
            let found = try word(field, offset)
            guard found == expected else {
                throw ImageError(
                    .unsupported, "\(field) at \(offset) is \(hex(found)), expected \(hex(expected))")
            }
        }
        try require("version", 8, 0x2_0000_0001)
        try require("grain_size", 24, 8)
        try require("grain_table_size", 32, 64)
        try require("flags", 40, 0)
        let sectors = try word("capacity", 16)
        try fields.require("capacity", sectors, in: 0...UInt64(Int64.max) / 512, at: 16)
        capacity = sectors * 512

        func place(_ field: StaticString, _ offset: Int) throws(ImageError) -> UInt64 {
            let sector = try word(field, offset)
            guard sector <= file.size / 512 else {
                throw ImageError(
                    .corrupt,
                    "\(field) at \(offset) is \(sector): that passes the end of the file at \(file.size)")
            }
            return sector * 512
        }
        let volatile = try Fields(
            "volatile header", of: file, at: place("volatile_header_offset", 80), count: 512)
        try volatile.require("magic", at: 0, is: [0xFE, 0xCA, 0xFE, 0xCA, 0, 0, 0, 0])
        guard try volatile.little("replay_journal", at: 24, as: UInt64.self) == 0 else {
            throw ImageError(
                .unsupported,
                "replay_journal at \(volatile.position(24)) is set: the extent was not closed properly, and its journal "
                    + "must be replayed first, which vitrine does not do")
        }
        layout = SESparseLayout(
            tables: try place("grain_tables_offset", 144), tablesSize: try word("grain_tables_size", 152),
            grains: try place("grains_offset", 192), fileSize: file.size)
        directory = try place("grain_dir_offset", 128)
        let entries = layout.l1Count(capacity)
        guard entries <= SparseExtentHeader.maximumDirectory else {
            throw ImageError(
                .limit,
                "capacity at 16 is \(sectors), which takes a grain directory of \(entries) entries, expected "
                    + "\(SparseExtentHeader.maximumDirectory) at most")
        }
        let size = try word("grain_dir_size", 136)
        guard size >= (entries * 8 + 511) / 512, entries * 8 <= file.size - directory else {
            throw ImageError(
                .corrupt,
                "grain_dir_size at 136 is \(size): a grain directory of \(entries * 8) bytes does not fit, or passes "
                    + "the end of the file at \(file.size)")
        }
    }

    /// Reads the grain directory.
    func grainDirectory(_ file: any Source) throws(ImageError) -> L1Table {
        try L1Table(file, at: directory, count: Int(layout.l1Count(capacity)), .little64)
    }
}
