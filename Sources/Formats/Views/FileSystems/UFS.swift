/// UFS1 and UFS2, the file systems of BSD.
///
/// Superblock at 64 KiB (UFS2), 8 KiB (UFS1, and UFS2 of some), 0 or 256 KiB, integers in the order of the maker's machine (FreeBSD,
/// sys/ufs/ffs/fs.h, `struct fs`); some fields:
///
///       36  fs_old_size             4   UFS1; in fragments
///       48  fs_bsize                4   size of a block
///       52  fs_fsize                4   size of a fragment
///      144  fs_id                   8
///      196  fs_old_cstotal.cs_nbfree 4  UFS1; free blocks
///      204  fs_old_cstotal.cs_nffree 4  UFS1; free fragments
///      209  fs_clean                1
///      680  fs_volname             32
///     1000  fs_sblockloc            8   UFS2; the place of this superblock
///     1016  fs_cstotal.cs_nbfree    8   UFS2
///     1032  fs_cstotal.cs_nffree    8   UFS2
///     1080  fs_size                 8   UFS2
///     1372  fs_magic                4   11954, 19540119
enum UFS {
    private static let places: [UInt64] = [65536, 8192, 0, 262144]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        for place in places {
            guard let block = area.block(at: place, count: 1376) else { continue }
            let magic: UInt32 = try block.little("fs_magic", at: 1372)
            if let found = try read(block, magic, isBig: false, place) { return found }
            if let found = try read(block, magic.byteSwapped, isBig: true, place) { return found }
        }
        return nil
    }

    private static func read(
        _ block: Fields, _ magic: UInt32, isBig: Bool, _ place: UInt64
    ) throws(ImageError) -> FileSystem? {
        guard magic == 0x0001_1954 || magic == 0x1954_0119 else { return nil }
        let isSecond = magic == 0x1954_0119
        let own: UInt64 = try block.number("fs_sblockloc", at: 1000, isBig: isBig)
        guard !isSecond || own == place else { return nil }
        var result = FileSystem("ufs")
        result.variant = isSecond ? "UFS2" : "UFS1"
        if isSecond { result.label = try block.text("fs_volname", at: 680, count: 32) }
        let high: UInt32 = try block.number("fs_id", at: 144, isBig: isBig)
        let low: UInt32 = try block.number("fs_id", at: 148, isBig: isBig)
        if high != 0 || low != 0 { result.uuid = hexDigits(high) + hexDigits(low) }
        result.state = block.bytes[209] == 1 ? .clean : .notUnmounted
        try addSize(to: &result, block, isSecond: isSecond, isBig: isBig)
        return result
    }

    private static func addSize(
        to result: inout FileSystem, _ block: Fields, isSecond: Bool, isBig: Bool
    ) throws(ImageError) {
        let blockSize: UInt32 = try block.number("fs_bsize", at: 48, isBig: isBig)
        let fragment: UInt32 = try block.number("fs_fsize", at: 52, isBig: isBig)
        // MAXBSIZE is 64 KiB, and a block has at most 8 fragments.
        guard 512...65536 ~= fragment, fragment...65536 ~= blockSize else { return }
        func count(_ field: StaticString, old: Int, new: Int) throws(ImageError) -> UInt64 {
            if isSecond { return try block.number(field, at: new, isBig: isBig) }
            let value: UInt32 = try block.number(field, at: old, isBig: isBig)
            return UInt64(value)
        }
        let fragments = try count("fs_size", old: 36, new: 1080)
        let freeBlocks = try count("cs_nbfree", old: 196, new: 1016)
        let freeFragments = try count("cs_nffree", old: 204, new: 1032)
        result.size = fragments.times(UInt64(fragment))
        guard let free = freeBlocks.times(UInt64(blockSize / fragment))?.plus(freeFragments) else { return }
        result.use(total: fragments, free: free, unit: UInt64(fragment))
    }
}
