/// A file that an image names.
package struct Reference: Equatable, Sendable {
    /// What the file is to the image.
    package enum Role: String, Sendable {
        /// Holds what the image itself does not (qcow2).
        case backingFile = "backing file"
        /// Holds the clusters of the disk (qcow2).
        case dataFile = "data file"
        /// Holds a stretch of the disk (VMDK).
        case extent = "extent"
        /// Holds what the image itself does not (VMDK).
        case parent = "parent"
    }

    /// The most files that may each name the next; the image itself does not count.
    static let maximumDepth = 200

    /// The most files that are opened for one image.
    static let maximumFiles = 4096

    package var role: Role

    /// As it is stored, and so whatever somebody put there.
    package var name: [UInt8]

    /// What the file is, as it is recorded in the image; nil where that is not.
    package var format: String?

    /// What the content ID of a parent is recorded to be; nil where that is not.
    package var contentID: UInt32?

    /// A file called `name`, of `format` and with `contentID` as far as these are recorded.
    package init(_ role: Role, _ name: [UInt8], format: String? = nil, contentID: UInt32? = nil) {
        self.role = role
        self.name = name
        self.format = format
        self.contentID = contentID
    }

    /// What it is called in messages, such as `backing file "base.raw"`; fit to be shown.
    package var text: String {
        let isShort = name.count <= Self.maximumNameLength
        return "\(role.rawValue) \"\(printable(isShort ? name[...] : name.prefix(32)))\(isShort ? "" : "…")\""
    }
}
