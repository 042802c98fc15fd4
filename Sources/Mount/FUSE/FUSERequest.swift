import VitrineFormats

/// A request of the kernel to a FUSE server (linux/fuse.h: `fuse_in_header`, 40 bytes, and what follows it).
struct FUSERequest {
    /// The operations that are answered with more than "not implemented".
    enum Operation: UInt32 {
        case lookUp = 1
        case forget = 2
        case getAttributes = 3
        case open = 14
        case read = 15
        case write = 16
        case fileSystemStatus = 17
        case release = 18
        case synchronise = 20
        case flush = 25
        case initialise = 26
        case openDirectory = 27
        case readDirectory = 28
        case releaseDirectory = 29
        case interrupt = 36
        case forgetSeveral = 42
        case seek = 46
    }

    /// The most data in one write, in bytes.
    static let maximumWrite = 128 << 10

    /// The longest request, in bytes: a write, with two headers of 40 bytes.
    static let maximumSize = maximumWrite + 80

    private static let headerSize = 40

    /// The operation. Nil if it is not one that is implemented.
    let operation: Operation?

    /// The number that the reply repeats.
    let unique: UInt64

    /// The directory or file that is meant.
    let node: UInt64

    /// The fields and texts behind the header.
    let arguments: Fields

    /// The name in the arguments, without the zero byte at its end.
    var name: ArraySlice<UInt8> { rest.prefix { $0 != 0 } }

    /// The data of a write, behind its own header (`fuse_write_in`, 40 bytes).
    var data: ArraySlice<UInt8> { rest.dropFirst(40) }

    private let rest: [UInt8]

    /// Reads a request.
    ///
    /// Throws `corrupt` if it is shorter than its header.
    init(_ bytes: [UInt8]) throws(ImageError) {
        let header = Fields(bytes, at: 0)
        operation = Operation(rawValue: try header.little("opcode", at: 4))
        unique = try header.little("unique", at: 8)
        node = try header.little("nodeid", at: 16)
        rest = Array(bytes.dropFirst(Self.headerSize))
        arguments = Fields(rest, at: UInt64(Self.headerSize))
    }
}
