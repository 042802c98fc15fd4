import VitrineFormats

/// The version and the features that the kernel and the server agree on (linux/fuse.h: `fuse_init_in`, `fuse_init_out`).
struct FUSEOffer {
    /// The version that is spoken: that of Linux 5.2, which has all that is used.
    private static let version: (major: UInt32, minor: UInt32) = (7, 31)

    /// The features that are used, by their bits.
    private static let wanted: UInt32 = [
        0,  // ASYNC_READ: several reads of one reader at once.
        5,  // BIG_WRITES: requests of more than a page.
        15,  // ASYNC_DIO: the same for direct I/O, which a loop device does.
        18,  // PARALLEL_DIROPS
        21,  // ABORT_ERROR: an aborted connection is told from one whose mount has gone.
        22,  // MAX_PAGES: reads of 1 MiB.
        25,  // EXPLICIT_INVAL_DATA: nothing is dropped from the page cache, as files never change.
    ].reduce(0) { $0 | 1 << $1 }

    /// The body of the reply.
    let body: [UInt8]

    /// The reply to the kernel's `request`.
    ///
    /// Throws `corrupt` if it is cut off, and `unsupported` if it speaks another version.
    init(_ request: FUSERequest) throws(ImageError) {
        let major: UInt32 = try request.arguments.little("major", at: 0)
        let minor: UInt32 = try request.arguments.little("minor", at: 4)
        let readAhead: UInt32 = try request.arguments.little("max_readahead", at: 8)
        let offered: UInt32 = try request.arguments.little("flags", at: 12)
        guard major == Self.version.major, minor >= 23 else {
            throw ImageError(
                .unsupported, "the kernel speaks version \(major).\(minor) of FUSE, expected 7.23 or later")
        }
        var writer = ByteWriter()
        for value in [major, min(minor, Self.version.minor), readAhead, offered & Self.wanted] {
            writer.append(value)
        }
        // As many requests at once as an NBD client makes; the default is 12, and the kernel holds back from three quarters on.
        writer.append(UInt16(64))
        writer.append(UInt16(48))
        for value in [UInt32(FUSERequest.maximumWrite), 1] { writer.append(value) }
        // 256 pages are 1 MiB.
        writer.append(UInt16(256))
        writer.pad(to: 64)
        body = writer.bytes
    }
}
