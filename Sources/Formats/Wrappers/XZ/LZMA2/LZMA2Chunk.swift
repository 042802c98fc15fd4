/// The header of a chunk, the unit in which LZMA2 holds data. liblzma's lzma2_decoder.c is its only specification; the
/// .xz file format, section 5.3.1, gives its purpose.
enum LZMA2Chunk: Equatable {
    /// The part of the decoder's state that a chunk of LZMA data resets. Each case resets all that those before it do.
    enum Reset: Int {
        case nothing
        case state
        /// The state, for new properties.
        case properties
        /// Everything: the chunk can be decoded without any before it.
        case dictionary
    }

    /// No more chunks.
    case end
    /// Stored bytes.
    case stored(resetsDictionary: Bool, count: Int)
    /// LZMA data: `input` bytes that decode to `output` bytes. It has properties if `reset` resets them.
    case lzma(reset: Reset, properties: UInt8, input: Int, output: Int)

    /// The largest length of a header, in bytes.
    static let maximumHeader = 6
    /// The largest length of a chunk's data, in bytes.
    static let maximumInput = 64 << 10
    /// The most bytes that a chunk decodes to.
    static let maximumOutput = 2 << 20

    /// The length in bytes of the header whose first byte is `control`. Nil if no chunk starts with it.
    static func headerSize(control: UInt8) -> Int? {
        switch control {
        case 0: 1
        case 1, 2: 3
        case 0x80..<0xC0: 5
        case 0xC0...: 6
        default: nil
        }
    }

    /// The reset of an LZMA chunk whose first byte is `control`. Nil for other chunks.
    static func reset(control: UInt8) -> Reset? {
        control >= 0x80 ? Reset(rawValue: Int(control >> 5 & 3)) : nil
    }

    /// Reads the header in `bytes`, as many as `headerSize` returns.
    init(_ bytes: [UInt8]) {
        let control = bytes[0]
        switch control {
        case 0:
            self = .end
        case 1, 2:
            self = .stored(resetsDictionary: control == 1, count: Int(bytes[1]) << 8 + Int(bytes[2]) + 1)
        default:
            self = .lzma(
                reset: Self.reset(control: control) ?? .nothing,
                properties: bytes.count > 5 ? bytes[5] : 0,
                input: Int(bytes[3]) << 8 + Int(bytes[4]) + 1,
                output: Int(control & 0x1F) << 16 + Int(bytes[1]) << 8 + Int(bytes[2]) + 1)
        }
    }
}
