/// UDF, alone or together with ISO 9660.
///
/// It is recognised by the volume recognition sequence: descriptors of 2048 bytes from 32768 on, "BEA01", "NSR02" or "NSR03" at 1
/// (ECMA-167, part 2, section 9). The rest lies further on: an anchor in block 256 or near the end tells where the volume descriptors
/// are. Each starts with a tag, integers little-endian (part 3, section 7.2):
///
///      0  TagIdentifier   2   2 anchor
///      4  TagChecksum     1   of the other 15 bytes
///     12  TagLocation     4   the block it is in
///     16  MainVolumeDescriptorSequenceExtent   8   of the anchor: length in bytes, block
enum UDF {
    /// Sizes of blocks in the order of likelihood, as in libblkid: 2048 for discs, 512 and 4096 for disks.
    private static let blockSizes: [UInt64] = [2048, 512, 1024, 4096]

    static func isRecognised(in area: SuperblockArea) -> Bool {
        stride(from: ISO9660.start, to: SuperblockArea.headSize, by: ISO9660.sectorSize).contains {
            area.has("NSR02", at: $0 + 1) || area.has("NSR03", at: $0 + 1)
        }
    }

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard isRecognised(in: area) else { return nil }
        var result = FileSystem("udf")
        for blockSize in blockSizes {
            let blocks = area.size / blockSize
            for place in [256, blocks &- 257, blocks &- 1] where place < blocks {
                guard let anchor = try block(place, tag: 2, blockSize, area) else { continue }
                try UDFVolume(anchor, blockSize: blockSize, area)?.describe(&result, area)
                return result
            }
        }
        return result
    }

    /// The start of the block at `place`, with its tag. Nil if it is not read, and unless it has `tag`, if one is given.
    static func block(
        _ place: UInt64, tag: UInt16?, _ blockSize: UInt64, _ area: SuperblockArea
    ) throws(ImageError) -> Fields? {
        guard let offset = place.times(blockSize), let block = area.block(at: offset, count: 512) else {
            return nil
        }
        let found: UInt16 = try block.little("TagIdentifier", at: 0)
        let location: UInt32 = try block.little("TagLocation", at: 12)
        let sum = block.bytes[..<4].reduce(0, &+) &+ block.bytes[5..<16].reduce(0, &+)
        guard found != 0, tag == nil || found == tag, sum == block.bytes[4], UInt64(location) == place else {
            return nil
        }
        return block
    }
}
