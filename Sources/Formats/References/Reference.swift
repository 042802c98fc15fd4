/// A file that an image names.
package struct Reference: Equatable, Sendable {
    /// What the image needs it for.
    package enum Role: String, Sendable {
        /// Holds what the image itself does not.
        case backingFile = "backing file"
        /// Holds the data, of which the image knows the places.
        case dataFile = "data file"
        /// Holds a part of the data.
        case extent
        /// Holds what the image itself does not, in VMDK's words.
        case parent
    }

    /// What it is needed for.
    package var role: Role

    /// Its name as it is stored: hostile.
    package var name: [UInt8]

    /// Its format, as the image records it; nil where it records none.
    package var format: String?

    /// A reference to the file called `name`.
    package init(_ role: Role, _ name: [UInt8], format: String? = nil) {
        self.role = role
        self.name = name
        self.format = format
    }

    /// What it is and its name, fit to be shown: `backing file "base.raw"`.
    package var text: String { "\(role.rawValue) \"\(printable(String(decoding: name, as: UTF8.self)))\"" }
}
