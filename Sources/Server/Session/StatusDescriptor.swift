/// A run of bytes with the same status, as BLOCK_STATUS describes it.
///
/// Source: doc/proto.md, "Structured reply types", NBD_REPLY_TYPE_BLOCK_STATUS.
struct StatusDescriptor: Equatable, Sendable {
    /// The length in bytes; not 0.
    var length: UInt32

    /// The status, with the meaning that the context gives it.
    var flags: UInt32

    init(length: UInt32, flags: UInt32) {
        self.length = length
        self.flags = flags
    }

    /// The descriptor of `range`, which is shorter than 4 GiB.
    init(_ range: Range<UInt64>, _ flags: UInt32) {
        self.init(length: UInt32(range.upperBound - range.lowerBound), flags: flags)
    }
}
