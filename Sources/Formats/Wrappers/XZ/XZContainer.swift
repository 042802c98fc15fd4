/// The structure of an .xz file: its streams and their blocks.
///
/// Source: The .xz File Format 1.2.1, sections 1 to 4. The file is walked from its end to its start, as only footers
/// and indexes locate streams and blocks.
package struct XZContainer: Sendable {
    package struct Block: Sendable {
        /// The offset of the block header in the file, in bytes.
        var offset: UInt64
        /// The length of the block without its padding, in bytes: header, data and check.
        var unpaddedSize: UInt64
        /// The offset of the block's data in the decoded file, in bytes.
        package var start: UInt64
        var check: XZCheck
        /// True if the block's end is missing. Its sizes are then those of the part that exists, and there is no check.
        var isCut = false
    }

    private struct Stream {
        var blocksOffset: UInt64
        var check: XZCheck
        var records: [XZIndex.Record]
    }

    /// The largest number of blocks: 2 Mi of 64 KiB make 128 GiB, and their table takes 64 MiB.
    static let maximumBlocks = 2 << 20
    /// The largest number of streams.
    static let maximumStreams = 1 << 20
    /// The most bytes of stream padding through which the stream before it is searched for.
    static let maximumPadding: UInt64 = 1 << 30

    /// The length of the shortest stream, in bytes: header, an index without records, footer.
    private static let minimumStream: UInt64 = 32

    /// The blocks in the order of the file. Some may be empty.
    package let blocks: [Block]
    let streams: Int
    /// The kinds of checks, each once, in the order of the file.
    let checks: [XZCheck]
    /// The length of the decoded file, in bytes.
    let size: UInt64
    /// The decoded length of the largest block, in bytes.
    let largestBlock: UInt64

    /// Reads the structure of `source`, and checks all of it but the blocks.
    package init(of source: any Source) throws(ImageError) {
        guard source.size % 4 == 0, source.size >= Self.minimumStream else {
            throw ImageError(
                .corrupt,
                "the file is \(source.size) bytes long, expected a multiple of 4 from \(Self.minimumStream) up: "
                    + "it is cut short, or something else follows the xz data")
        }
        var streams: [Stream] = []
        var blockCount = 0
        var end = source.size
        while end > 0 {
            end = try Self.endOfStream(source, before: end)
            let stream = try Self.stream(source, endingAt: end, Self.maximumBlocks - blockCount)
            end = stream.blocksOffset - UInt64(XZStreamFlags.size)
            blockCount += stream.records.count
            streams.append(stream)
            guard streams.count <= Self.maximumStreams else {
                throw ImageError(
                    .limit, "there are more than \(Self.maximumStreams) streams; vitrine reads no more")
            }
        }
        var blocks: [Block] = []
        blocks.reserveCapacity(blockCount)
        var start: UInt64 = 0
        for stream in streams.reversed() {
            var offset = stream.blocksOffset
            for record in stream.records {
                blocks.append(
                    Block(
                        offset: offset, unpaddedSize: record.unpaddedSize, start: start, check: stream.check))
                offset += record.paddedSize
                start += record.uncompressedSize
                guard start <= Int64.max else {
                    throw ImageError(.corrupt, "uncompressed sizes in the index add up to 2^63 bytes or more")
                }
            }
        }
        self.init(
            blocks: blocks, checks: streams.reversed().map(\.check), size: start)
    }

    /// The structure of a file with these `blocks`, which decode to `size` bytes. `checks` has the check of each
    /// stream, in order.
    init(blocks: [Block], checks: [XZCheck], size: UInt64) {
        streams = checks.count
        self.checks = checks.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        self.blocks = blocks
        self.size = size
        let ends = blocks.dropFirst().map(\.start) + [size]
        largestBlock = zip(blocks, ends).reduce(0) { max($0, $1.1 - $1.0.start) }
    }

    /// The offset of the end of a block's data in the decoded file, in bytes.
    package func end(of block: Int) -> UInt64 { block + 1 < blocks.count ? blocks[block + 1].start : size }

    /// The block that holds the byte at `offset`, which is less than `size`.
    func block(at offset: UInt64) -> Int {
        // The last block that starts at or before `offset` is never an empty one: that starts where the next one does.
        max(0, blocks.partitionPoint { $0.start > offset } - 1)
    }

    /// The end of the last stream before `end`. Skips stream padding (section 2.2).
    private static func endOfStream(_ source: any Source, before end: UInt64) throws(ImageError) -> UInt64 {
        var position = end
        while position > 0 {
            let count = min(position, 64 << 10)
            let bytes = try source.bytes(at: position - count, count: Int(count))
            if let last = bytes.lastIndex(where: { $0 != 0 }) {
                // Rounded up, as padding comes in units of four bytes.
                position = position - count + UInt64(last / 4 * 4 + 4)
                break
            }
            position -= count
            guard end - position <= maximumPadding else {
                throw ImageError(
                    .limit,
                    "there are more than \(maximumPadding) bytes of stream padding before \(end); vitrine "
                        + "searches no further")
            }
        }
        guard position >= minimumStream else {
            throw ImageError(
                .corrupt, "the first \(end) bytes hold no xz stream; the first stream must start at 0")
        }
        return position
    }

    private static func stream(
        _ source: any Source, endingAt end: UInt64, _ maximumBlocks: Int
    ) throws(ImageError) -> Stream {
        let headerSize = UInt64(XZStreamFlags.size)
        let footerOffset = end - headerSize
        let footer = try XZStreamFooter(of: source, at: footerOffset)
        guard footer.backwardSize <= footerOffset - headerSize else {
            throw ImageError(
                .corrupt,
                "backward size at \(footerOffset + 4) is \(footer.backwardSize) bytes, "
                    + "but only \(footerOffset - headerSize) come before the footer")
        }
        let indexOffset = footerOffset - footer.backwardSize
        let index = try XZIndex(of: source, indexOffset..<footerOffset, maximum: maximumBlocks)
        guard index.blocksSize <= indexOffset - headerSize else {
            throw ImageError(
                .corrupt,
                "blocks of the index at \(indexOffset) take \(index.blocksSize) bytes, "
                    + "but only \(indexOffset - headerSize) come before it")
        }
        let blocksOffset = indexOffset - index.blocksSize
        let header = try XZStreamFlags(headerOf: source, at: blocksOffset - headerSize)
        guard header == footer.flags else {
            throw ImageError(
                .corrupt,
                "stream footer at \(footerOffset) has check \(footer.flags.check.name), "
                    + "its header at \(blocksOffset - headerSize) \(header.check.name)")
        }
        return Stream(blocksOffset: blocksOffset, check: header.check, records: index.records)
    }
}
