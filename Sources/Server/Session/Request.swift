/// Something a client asks for that takes reading the image; checked, and inside the export.
package struct Request: Equatable, Sendable {
    package enum Kind: Equatable, Sendable, CustomStringConvertible {
        /// `mayFragment`: the reply may come in several chunks.
        case read(mayFragment: Bool)
        case cache
        /// `onlyFirst`: one extent is all the client wants.
        case blockStatus(onlyFirst: Bool)

        /// What the log calls it.
        package var description: String {
            switch self {
            case .read: "read"
            case .cache: "CACHE"
            case .blockStatus: "BLOCK_STATUS"
            }
        }
    }

    package let kind: Kind

    /// What the client calls it; means nothing to us.
    package let cookie: UInt64

    /// In bytes from the start of the export; inside it, and not empty.
    package let range: Range<UInt64>
}
