/// What a file system records of a file, besides its name and its content. All of it is a claim of the image.
package struct FileAttributes: Equatable, Sendable {
    /// The kinds of files (inode(7)).
    package enum Kind: String, Equatable, Sendable {
        case regular = "file"
        case directory
        case link
        case characterDevice = "character device"
        case blockDevice = "block device"
        case pipe
        case socket

        /// The kind that the file type in `mode` tells. Nil if there is no such kind.
        init?(mode: UInt32) {
            switch mode & 0o170000 {
            case 0o100000: self = .regular
            case 0o040000: self = .directory
            case 0o120000: self = .link
            case 0o020000: self = .characterDevice
            case 0o060000: self = .blockDevice
            case 0o010000: self = .pipe
            case 0o140000: self = .socket
            default: return nil
            }
        }
    }

    package var kind: Kind

    /// The permissions, with setuid, setgid and sticky: 12 bits.
    package var permissions: UInt32

    package var user: UInt32
    package var group: UInt32

    /// The size in bytes of the content, or of the target of a link.
    package var size: UInt64

    /// The time of the last change of the content, in seconds since 1970.
    package var seconds: Int64

    /// The fraction of a second that is added to it: less than 1,000,000,000.
    package var nanoseconds: UInt32

    /// The number of names that it has.
    package var links: UInt32

    /// The numbers of a device.
    package var major: UInt32
    package var minor: UInt32

    /// The number of its inode: the same for all its names, and for no other file of the file system.
    package var number: UInt64

    package init(
        kind: Kind, permissions: UInt32, user: UInt32, group: UInt32, size: UInt64, seconds: Int64,
        nanoseconds: UInt32 = 0, links: UInt32 = 1, major: UInt32 = 0, minor: UInt32 = 0, number: UInt64
    ) {
        self.kind = kind
        self.permissions = permissions & 0o7777
        self.user = user
        self.group = group
        self.size = size
        self.seconds = seconds
        self.nanoseconds = nanoseconds < 1_000_000_000 ? nanoseconds : 0
        self.links = links
        self.major = major
        self.minor = minor
        self.number = number
    }
}
