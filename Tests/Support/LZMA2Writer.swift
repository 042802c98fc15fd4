/// Writes LZMA2 data chunk by chunk and symbol by symbol, including data that no encoder would write.
package struct LZMA2Writer {
    /// The reset of an LZMA chunk, by its control byte.
    package enum Reset: UInt8, CaseIterable, Sendable {
        case nothing = 0x80
        case state = 0xA0
        case properties = 0xC0
        case dictionary = 0xE0
    }

    /// The data so far. Tests may damage it.
    package var bytes: [UInt8] = []
    /// The bytes that the data decodes to.
    package private(set) var output: [UInt8] = []
    /// The start of each chunk in `bytes`.
    package private(set) var starts: [Int] = []
    /// The encoder, which tests may change between two chunks.
    package var encoder = LZMAEncoder()

    /// The most bytes that a chunk decodes to, and the most that its data takes.
    package static let maximumOutput = 2 << 20
    package static let maximumInput = 64 << 10

    package init() {}

    /// Appends a stored chunk of `data`, 1 byte to 64 KiB.
    package mutating func store(_ data: [UInt8], resetsDictionary: Bool = false) {
        starts.append(bytes.count)
        bytes += [resetsDictionary ? 1 : 2, UInt8((data.count - 1) >> 8), UInt8((data.count - 1) & 0xFF)]
        bytes += data
        if resetsDictionary { encoder.history = [] }
        encoder.history += data
        output += data
    }

    /// Appends an LZMA chunk of `symbols`. `outputSize` is the size in its header, if not the number of bytes they
    /// decode to.
    package mutating func write(
        _ reset: Reset, _ properties: LZMAProperties?, _ symbols: [LZMASymbol], outputSize: Int? = nil
    ) {
        begin(reset, properties)
        var coder = RangeEncoder()
        for symbol in symbols { encoder.encode(symbol, &coder) }
        finish(reset, coder.finish(), outputSize: outputSize ?? symbols.reduce(0) { $0 + $1.count })
    }

    package mutating func write(_ reset: Reset, _ symbols: [LZMASymbol], outputSize: Int? = nil) {
        write(reset, nil, symbols, outputSize: outputSize)
    }

    /// Appends an LZMA chunk of the symbols that `next` returns, up to nil or to the most that a chunk holds.
    package mutating func write(
        _ reset: Reset, _ properties: LZMAProperties? = nil, next: (LZMAEncoder) -> LZMASymbol?
    ) {
        begin(reset, properties)
        var coder = RangeEncoder()
        var count = 0
        // No symbol takes more than 49 steps of the range encoder.
        while coder.count + 49 < Self.maximumInput, let symbol = next(encoder),
            count + symbol.count <= Self.maximumOutput
        {
            encoder.encode(symbol, &coder)
            count += symbol.count
        }
        precondition(count > 0, "a chunk has at least one symbol")
        finish(reset, coder.finish(), outputSize: count)
    }

    private mutating func begin(_ reset: Reset, _ properties: LZMAProperties?) {
        if reset == .dictionary { encoder.history = [] }
        if reset != .nothing { encoder.reset() }
        if let properties { encoder.properties = properties }
        // The bytes appended to the history from here on are the chunk's output.
        chunkStart = encoder.history.count
    }

    private var chunkStart = 0

    private mutating func finish(_ reset: Reset, _ data: [UInt8], outputSize: Int) {
        output += encoder.history[chunkStart...]
        starts.append(bytes.count)
        bytes += Self.header(
            control: reset.rawValue, output: outputSize, input: data.count,
            properties: reset == .properties || reset == .dictionary ? encoder.properties.byte : nil)
        bytes += data
    }

    /// Appends the end marker.
    package mutating func end() {
        bytes.append(0)
    }

    /// The header of an LZMA chunk.
    package static func header(
        control: UInt8, output: Int, input: Int, properties: UInt8? = nil
    ) -> [UInt8] {
        var bytes = [control | UInt8((output - 1) >> 16), UInt8((output - 1) >> 8 & 0xFF)]
        bytes += [UInt8((output - 1) & 0xFF), UInt8((input - 1) >> 8), UInt8((input - 1) & 0xFF)]
        if let properties { bytes.append(properties) }
        return bytes
    }
}
