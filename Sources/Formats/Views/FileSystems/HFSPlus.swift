/// HFS Plus and HFSX, and HFS by name and size.
///
/// Volume header at 1024, integers big-endian (Apple, Technical Note TN1150, "Volume Header"); some fields:
///
///       0  signature      2   "H+", "HX"
///       2  version        2   4, 5
///       4  attributes     4   bit 8 unmounted, 11 inconsistent, 13 journaled
///      40  blockSize      4
///      44  totalBlocks    4
///      48  freeBlocks     4
///
/// It may lie in an HFS, whose header is at 1024 (Inside Macintosh: Files, "Master Directory Blocks"):
///
///       0  drSigWord      2   "BD"
///      18  drNmAlBlks     2
///      20  drAlBlkSiz     4   in bytes
///      28  drAlBlSt       2   in sectors of 512
///      36  drVN          28   the name, behind its length
///     124  drEmbedSigWord 2   "H+"
///     126  startBlock     2   of the HFS Plus in it
enum HFSPlus {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has("H+", at: 1024) || area.has("HX", at: 1024) || area.has("BD", at: 1024),
            let block = area.block(at: 1024, count: 512)
        else { return nil }
        if area.has("BD", at: 1024) { return try readHFS(block, area) }
        return try read(block, start: 0, area)
    }

    private static func read(
        _ block: Fields, start: UInt64, _ area: SuperblockArea
    ) throws(ImageError) -> FileSystem? {
        let signature: UInt16 = try block.big("signature", at: 0)
        let version: UInt16 = try block.big("version", at: 2)
        // "H+" and "HX".
        let isExtended = signature == 0x4858
        guard signature == 0x482B && version == 4 || isExtended && version == 5 else { return nil }
        var result = FileSystem("hfsplus")
        result.variant = isExtended ? "HFSX" : nil
        let attributes: UInt32 = try block.big("attributes", at: 4)
        if attributes & 1 << 8 == 0 {
            result.state = attributes & 1 << 13 != 0 ? .journalToReplay : .notUnmounted
        } else {
            result.state = attributes & 1 << 11 != 0 ? .damaged : .clean
        }
        let unit: UInt32 = try block.big("blockSize", at: 40)
        let total: UInt32 = try block.big("totalBlocks", at: 44)
        let free: UInt32 = try block.big("freeBlocks", at: 48)
        guard unit >= 512, unit.nonzeroBitCount == 1 else { return result }
        result.size = UInt64(total) * UInt64(unit)
        result.use(total: UInt64(total), free: UInt64(free), unit: UInt64(unit))
        result.label = try label(block, unit: UInt64(unit), start: start, area)
        return result
    }

    /// The name of the root folder, which comes first in the catalog, a B-tree: its header has the first leaf, and that has the folder.
    ///
    ///     288  catalogFile.extents[0].startBlock   4   in the volume header
    ///      24  firstLeafNode                       4   in the header of the tree
    ///      32  nodeSize                            2
    ///      14  keyLength, parentID, nodeName           of the first record in a leaf
    private static func label(
        _ block: Fields, unit: UInt64, start: UInt64, _ area: SuperblockArea
    ) throws(ImageError) -> String? {
        let first: UInt32 = try block.big("startBlock", at: 288)
        guard let catalog = (UInt64(first) * unit).plus(start), let tree = area.block(at: catalog, count: 120)
        else { return nil }
        let leaf: UInt32 = try tree.big("firstLeafNode", at: 24)
        let nodeSize: UInt16 = try tree.big("nodeSize", at: 32)
        guard let place = catalog.plus(UInt64(leaf) * UInt64(nodeSize)),
            let node = area.block(at: place, count: 14 + 8 + 2 * 255)
        else { return nil }
        let parent: UInt32 = try node.big("parentID", at: 16)
        let length: UInt16 = try node.big("nodeName.length", at: 20)
        guard node.bytes[8] == 0xFF, parent == 1, 1...255 ~= length else { return nil }
        return try node.utf16("nodeName", at: 22, count: 2 * Int(length), isBig: true)
    }

    private static func readHFS(_ block: Fields, _ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        let unit: UInt32 = try block.big("drAlBlkSiz", at: 20)
        guard unit >= 512, unit % 512 == 0 else { return nil }
        let firstSector: UInt16 = try block.big("drAlBlSt", at: 28)
        let signature: UInt16 = try block.big("drEmbedSigWord", at: 124)
        let firstBlock: UInt16 = try block.big("startBlock", at: 126)
        if signature == 0x482B {
            let start = UInt64(firstSector) * 512 + UInt64(firstBlock) * UInt64(unit)
            guard let inner = area.block(at: start + 1024, count: 512) else { return FileSystem("hfsplus") }
            return try read(inner, start: start, area)
        }
        var result = FileSystem("hfs")
        let count: UInt16 = try block.big("drNmAlBlks", at: 18)
        result.size = UInt64(count) * UInt64(unit)
        let length = min(27, Int(block.bytes[36]))
        result.label = try block.text("drVN", at: 37, count: length)
        return result
    }
}
