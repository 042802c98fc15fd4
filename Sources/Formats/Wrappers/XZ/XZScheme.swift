/// An .xz file as the seekable engine sees it: LZMA2 in blocks.
struct XZScheme: SeekScheme {
    let base: any Source
    let container: XZContainer
    let cost: DecodeCost
    /// The header of the first block. Nil if it cannot be read.
    private let firstHeader: XZBlockHeader?

    /// The time of LZMA2: data that is compressed well is copied, other data is decoded bit by bit.
    static let cost = DecodeCost(perInputByte: 28_000, perOutputByte: 350, span: 100_000_000)

    /// The file `base`, whose structure is `container`. Decoding one span should take `spanCost` nanoseconds.
    init(_ base: any Source, _ container: XZContainer, spanCost: UInt64 = XZScheme.cost.span) {
        self.base = base
        self.container = container
        var cost = Self.cost
        cost.span = spanCost
        self.cost = cost
        firstHeader = container.blocks.first.flatMap { block in
            try? XZBlockHeader(of: base, block, uncompressedSize: container.end(of: 0) - block.start)
        }
    }

    var name: String { "xz" }

    var size: UInt64 { container.size }

    var blockCount: Int { container.blocks.count }

    func block(at offset: UInt64) -> Int { container.block(at: offset) }

    func range(of block: Int) -> Range<UInt64> { container.blocks[block].start..<container.end(of: block) }

    func input(of block: Int) -> Range<UInt64> {
        let block = container.blocks[block]
        return block.offset..<block.offset + block.unpaddedSize
    }

    func title(of block: Int) -> String? { "block \(block + 1) at \(container.blocks[block].offset)" }

    func hasCheck(_ block: Int) -> Bool { !container.blocks[block].isCut }

    /// True if there is a BCJ or delta filter, whose state no checkpoint holds.
    var startsWithSequentialBlock: Bool { (firstHeader?.filters.count ?? 0) > 1 }

    func passMemory(limit: Int) -> Int {
        let decoder = LZMA2Decoder.memory(
            dictionary: firstHeader?.lzma2Dictionary ?? 0, size: size, memoryLimit: limit)
        return XZDecoder.memory(recording: decoder)
    }

    func open(_ block: Int, memoryLimit: Int) throws(ImageError) -> SeekBlock {
        let range = range(of: block)
        let block = container.blocks[block]
        let header = try XZBlockHeader(
            of: base, block, uncompressedSize: range.upperBound - range.lowerBound)
        let opened = XZBlock(
            source: base, block: block, header: header, range: range, memoryLimit: memoryLimit)
        return header.dictionary == nil ? .sequential(opened) : .seekable(opened)
    }

    func digest() throws(ImageError) -> [UInt8] { try container.digest(of: base) }
}

extension SeekKind {
    /// LZMA2 in an .xz file.
    package static let xz = SeekKind(1, of: "xz")
}
