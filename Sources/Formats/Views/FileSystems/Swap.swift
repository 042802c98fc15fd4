/// Swap areas of Linux, and hibernated systems in them.
///
/// The magic stands in the last 10 bytes of the first page. The rest is at 1024, integers in the order of the maker's machine (Linux,
/// include/linux/swap.h, `union swap_header`):
///
///      0  version        4   1
///      4  last_page      4
///     12  sws_uuid      16
///     28  sws_volume    16
enum Swap {
    /// Magics of swap with a hibernated system in it, as in libblkid (superblocks/swap.c).
    private static let hibernated = ["S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        for pageSize in [4096, 8192, 16384, 32768, 65536] {
            let isHibernated = hibernated.contains { area.has($0, at: pageSize - 10) }
            guard isHibernated || area.has("SWAPSPACE2", at: pageSize - 10) else { continue }
            return try read(area, pageSize: pageSize, isHibernated: isHibernated)
        }
        return nil
    }

    private static func read(
        _ area: SuperblockArea, pageSize: Int, isHibernated: Bool
    ) throws(ImageError) -> FileSystem? {
        guard let header = area.block(at: 1024, count: 44) else { return nil }
        var result = FileSystem(isHibernated ? "swsuspend" : "swap")
        result.state = isHibernated ? .hibernated : .clean
        let little: UInt32 = try header.little("version", at: 0)
        guard little == 1 || little.byteSwapped == 1 else { return result }
        result.variant = "\(pageSize / 1024) KiB pages"
        result.label = try header.text("sws_volume", at: 28, count: 16)
        result.uuid = try header.uuid("sws_uuid", at: 12)
        let last: UInt32 = try header.number("last_page", at: 4, isBig: little != 1)
        if last > 0 { result.size = (UInt64(last) + 1) * UInt64(pageSize) }
        return result
    }
}
