/// A gzip file as the seekable engine sees it: one block, whatever members it has.
///
/// A member may take any number of bytes, and says how many only at its end, of which nobody knows where it is.
struct GzipScheme: SizelessScheme, SeekableBlock {
    let base: any Source
    /// The length of the decoded data, in bytes.
    var size: UInt64
    /// True to decode what can be decoded of a damaged file.
    let recovers: Bool
    let cost: DecodeCost

    /// The time of `Inflater`. It is a tenth of LZMA2's, and a checkpoint takes a few KB. So the spans are short, and a random
    /// read takes 2 to 3 ms.
    static let cost = DecodeCost(perInputByte: 3200, perOutputByte: 200, span: 5_000_000)

    /// The file `base`, which decodes to `size` bytes as far as is known. Decoding one span should take `spanCost` nanoseconds.
    init(_ base: any Source, size: UInt64 = 0, recovers: Bool, spanCost: UInt64 = GzipScheme.cost.span) {
        self.base = base
        self.size = size
        self.recovers = recovers
        var cost = Self.cost
        cost.span = spanCost
        self.cost = cost
    }

    // MARK: The file

    var name: String { "gzip" }

    var blockCount: Int { 1 }

    func block(at offset: UInt64) -> Int { 0 }

    func range(of block: Int) -> Range<UInt64> { 0..<size }

    func input(of block: Int) -> Range<UInt64> { 0..<base.size }

    func title(of block: Int) -> String? { nil }

    func hasCheck(_ block: Int) -> Bool { !recovers }

    var startsWithSequentialBlock: Bool { false }

    func passMemory(limit: Int) -> Int { passMemory }

    func open(_ block: Int, memoryLimit: Int) -> SeekBlock { .seekable(self) }

    /// Nothing: the end of the file, which is part of every fingerprint, has the check of the last member.
    func digest() -> [UInt8] { [] }

    func damageRemedy(_ count: UInt64) -> Remedy? {
        recovers ? nil : Remedy(.recover, nil, "serves the \(byteCount(count)) before that")
    }

    // MARK: The block

    var windowSize: UInt64 { 32 << 10 }

    var decoderMemory: Int { GzipDecoder.memory }

    var passMemory: Int { GzipDecoder.memory }

    func passDecoder(from start: SpanStart?) throws(ImageError) -> any SeekDecoder {
        try GzipDecoder(base, from: start, verifies: true, recovers: recovers)
    }

    func decoder(from start: SpanStart?) throws(ImageError) -> any SeekDecoder {
        try GzipDecoder(base, from: start, verifies: false, recovers: recovers)
    }
}

extension SeekKind {
    /// Deflate in a gzip file.
    package static let gzip = SeekKind(3, of: "gzip")
}
