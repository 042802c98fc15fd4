import VitrineExports

/// The numbers of the NBD protocol.
///
/// Source: the NBD project's doc/proto.md. The names are those in the document, without their prefixes.
enum NBD {
    /// "Values", handshake: the first number that the server sends.
    static let magic: UInt64 = 0x4E42_444D_4147_4943
    /// "Fixed newstyle negotiation": sent second, and before every option.
    static let optionMagic: UInt64 = 0x4948_4156_454F_5054
    static let optionReplyMagic: UInt64 = 0x0003_E889_0455_65A9
    static let requestMagic: UInt32 = 0x2560_9513
    static let simpleReplyMagic: UInt32 = 0x6744_6698
    static let structuredReplyMagic: UInt32 = 0x668E_33EF

    /// "Termination" and "String values": the longest string, in bytes.
    static let maximumString = Export.maximumName

    /// "Handshake flags" and "Client flags", which have the same bits.
    struct HandshakeFlags: OptionSet {
        var rawValue: UInt16
        static let fixedNewstyle = Self(rawValue: 1 << 0)
        static let noZeroes = Self(rawValue: 1 << 1)
    }

    /// "Transmission flags".
    struct TransmissionFlags: OptionSet {
        var rawValue: UInt16
        static let hasFlags = Self(rawValue: 1 << 0)
        static let readOnly = Self(rawValue: 1 << 1)
        static let sendFlush = Self(rawValue: 1 << 2)
        static let sendFUA = Self(rawValue: 1 << 3)
        static let sendDF = Self(rawValue: 1 << 7)
        static let canMultiConn = Self(rawValue: 1 << 8)
        static let sendCache = Self(rawValue: 1 << 10)
    }

    /// "Option types".
    enum Option: UInt32 {
        case exportName = 1
        case abort = 2
        case list = 3
        case startTLS = 5
        case info = 6
        case go = 7
        case structuredReply = 8
        case listMetaContext = 9
        case setMetaContext = 10
    }

    /// "Option reply types".
    enum OptionReply: UInt32 {
        case ack = 1
        case server = 2
        case info = 3
        case metaContext = 4
        case unsupported = 0x8000_0001
        case policy = 0x8000_0002
        case invalid = 0x8000_0003
        case unknown = 0x8000_0006
        case shutdown = 0x8000_0007
        case tooBig = 0x8000_0009
    }

    /// "Option reply types", NBD_REP_INFO.
    enum Info: UInt16 {
        case export = 0
        case name = 1
        case description = 2
        case blockSize = 3
    }

    /// "Request types".
    enum Command: UInt16 {
        case read = 0
        case write = 1
        case disconnect = 2
        case flush = 3
        case trim = 4
        case cache = 5
        case writeZeroes = 6
        case blockStatus = 7
    }

    /// "Command flags".
    struct CommandFlags: OptionSet {
        var rawValue: UInt16
        static let fua = Self(rawValue: 1 << 0)
        static let dontFragment = Self(rawValue: 1 << 2)
        static let requestOne = Self(rawValue: 1 << 3)
    }

    /// "Structured reply flags".
    static let chunkIsLast: UInt16 = 1 << 0

    /// "Structured reply types".
    enum Chunk: UInt16 {
        case none = 0
        case offsetData = 1
        case offsetHole = 2
        case blockStatus = 5
        case error = 0x8001
        case errorOffset = 0x8002
    }

    /// "Error values".
    enum ErrorCode: UInt32, Sendable {
        case notPermitted = 1
        case io = 5
        case invalid = 22
        case overflow = 75
        case shutdown = 108
    }

    /// The namespaces of metadata contexts. Source: "Metadata querying", and docs/interop/nbd.txt of qemu.
    static let baseNamespace = "base:"
    static let qemuNamespace = "qemu:"
}
