/// The log of an XFS: a ring of blocks of 512 bytes.
///
/// Each block starts with the number of the lap in which it was written (the cycle), except the header of a record, which has it at 4
/// (Linux, fs/xfs/libxfs/xfs_log_format.h, `struct xlog_rec_header`, integers big-endian):
///
///       0  h_magicno       4   feedbabe
///       4  h_cycle         4
///       8  h_version       4   2 if the header may take more than a block
///      12  h_len           4   bytes of data behind the header
///      40  h_num_logops    4
///     320  h_size          4   of the buffer that was written; a block of header for each 32 KiB
///
/// A log is clean if the last record is one operation, which says that the file system was unmounted.
struct XFSLog {
    /// The most blocks between the end of a record and its header: a buffer of 256 KiB, and its headers.
    private static let maximumRecord: UInt64 = 512 + 8

    private static let magic: UInt32 = 0xFEED_BABE

    /// Its start, in bytes.
    private let start: UInt64

    /// The number of its blocks.
    private let count: UInt64

    /// Reads where the log lies from a superblock. Nil if it lies on another device, or nowhere.
    ///
    ///      48  sb_logstart   8   a number of a group and of a block in it
    ///      84  sb_agblocks   4
    ///      96  sb_logblocks  4
    ///     124  sb_agblklog   1   the bits of the number of a block in its group
    init?(_ superblock: Fields) throws(ImageError) {
        let unit: UInt32 = try superblock.big("sb_blocksize", at: 4)
        let address: UInt64 = try superblock.big("sb_logstart", at: 48)
        let groupBlocks: UInt32 = try superblock.big("sb_agblocks", at: 84)
        let blocks: UInt32 = try superblock.big("sb_logblocks", at: 96)
        let groupBits: UInt8 = try superblock.big("sb_agblklog", at: 124)
        guard address != 0, blocks != 0, groupBits < 32, unit >= 512 else { return nil }
        let inGroup = address & (1 << UInt64(groupBits) - 1)
        guard let group = (address >> UInt64(groupBits)).times(UInt64(groupBlocks)),
            let start = group.plus(inGroup)?.times(UInt64(unit)),
            // Every offset in the log is then known to fit.
            let bytes = UInt64(blocks).times(UInt64(unit)), start.plus(bytes) != nil
        else { return nil }
        self.start = start
        count = bytes / 512
    }

    /// The state of the file system that the log tells. Unknown if the log is not read.
    func state(in area: SuperblockArea) throws(ImageError) -> FileSystem.State {
        guard let first = try cycle(of: 0, in: area), let last = try cycle(of: count - 1, in: area) else {
            return .unknown
        }
        // A log of zeroes was never written.
        guard first != 0 else { return .clean }
        var head = first == last ? 0 : count - 1
        if head != 0 {
            // Blocks up to `same` are of the first lap, `head` is of another.
            var same: UInt64 = 0
            while head - same > 1 {
                let middle = same + (head - same) / 2
                guard let cycle = try cycle(of: middle, in: area) else { return .unknown }
                if cycle == first { same = middle } else { head = middle }
            }
        }
        return try endsWithUnmount(before: head, in: area)
    }

    /// The state that the record before block `head` tells.
    private func endsWithUnmount(
        before head: UInt64, in area: SuperblockArea
    ) throws(ImageError) -> FileSystem.State {
        for distance in 1...min(Self.maximumRecord, count) {
            let place = (head + count - distance) % count
            guard let header = block(place, in: area) else { return .unknown }
            let magic: UInt32 = try header.big("h_magicno", at: 0)
            guard magic == Self.magic else { continue }
            let version: UInt32 = try header.big("h_version", at: 8)
            let length: UInt32 = try header.big("h_len", at: 12)
            let operations: UInt32 = try header.big("h_num_logops", at: 40)
            let size: UInt32 = try header.big("h_size", at: 320)
            let headers = version & 2 != 0 ? max(1, (UInt64(size) + 32767) / 32768) : 1
            guard operations == 1, headers + (UInt64(length) + 511) / 512 == distance,
                let operation = block((place + headers) % count, in: area)
            else { return .journalToReplay }
            // `struct xlog_op_header`: oh_flags at 9, of which 20 is XLOG_UNMOUNT_TRANS.
            return operation.bytes[9] & 0x20 != 0 ? .clean : .journalToReplay
        }
        return .journalToReplay
    }

    /// The lap in which block `index` was written. Nil if the block is not read.
    private func cycle(of index: UInt64, in area: SuperblockArea) throws(ImageError) -> UInt32? {
        guard let block = block(index, in: area) else { return nil }
        let word: UInt32 = try block.big("cycle", at: 0)
        return word == Self.magic ? try block.big("h_cycle", at: 4) : word
    }

    private func block(_ index: UInt64, in area: SuperblockArea) -> Fields? {
        area.block(at: start + index * 512, count: 512)
    }
}
