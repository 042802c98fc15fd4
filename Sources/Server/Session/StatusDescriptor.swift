/// What BLOCK_STATUS says of one stretch.
///
/// Source: doc/proto.md, "Structured reply types", NBD_REPLY_TYPE_BLOCK_STATUS.
struct StatusDescriptor: Equatable, Sendable {
    /// In bytes; not 0.
    var length: UInt32

    /// Means what the context says.
    var flags: UInt32

    init(length: UInt32, flags: UInt32) {
        self.length = length
        self.flags = flags
    }

    /// One for `range`, which is shorter than 4 GiB.
    init(_ range: Range<UInt64>, _ flags: UInt32) {
        self.init(length: UInt32(range.upperBound - range.lowerBound), flags: flags)
    }
}
