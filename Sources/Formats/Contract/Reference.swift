/// A file that an image names.
package struct Reference: Equatable, Sendable {
    /// The role that the file has for the image.
    package enum Role: String, Sendable {
        /// Holds the data that the image itself does not (qcow2).
        case backingFile = "backing file"
        /// Holds the clusters of the disk (qcow2).
        case dataFile = "data file"
        /// Holds an extent of the disk (VMDK).
        case extent = "extent"
        /// Holds the data that the image itself does not (VMDK).
        case parent = "parent"

        /// True if the file is the next image of the chain.
        package var isOfChain: Bool { self == .backingFile || self == .parent }
    }

    /// The most files that may each name the next; the image itself does not count.
    static let maximumDepth = 200

    /// The most files that are opened for one image.
    static let maximumFiles = 4096

    package var role: Role

    /// The name as it is stored, which may be whatever somebody put there.
    package var name: [UInt8]

    /// The format of the file, as recorded in the image. Nil if it is not recorded.
    package var format: String?

    /// The content ID of a parent, as recorded in the image. Nil if it is not recorded.
    package var contentID: UInt32?

    /// A file called `name`, with `format` and `contentID` if these are recorded.
    package init(_ role: Role, _ name: [UInt8], format: String? = nil, contentID: UInt32? = nil) {
        self.role = role
        self.name = name
        self.format = format
        self.contentID = contentID
    }

    /// The reference's name in messages, such as `backing file "base.raw"`; fit to be shown.
    package var text: String {
        let isShort = name.count <= Self.maximumNameLength
        return "\(role.rawValue) \"\(printable(isShort ? name[...] : name.prefix(32)))\(isShort ? "" : "…")\""
    }
}
