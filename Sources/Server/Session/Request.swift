/// A request of a client that takes reading the image. It is checked, and inside the export.
package struct Request: Equatable, Sendable {
    package enum Kind: Equatable, Sendable, CustomStringConvertible {
        /// `mayFragment` is true if the reply may come in several chunks.
        case read(mayFragment: Bool)
        case cache
        /// `onlyFirst` is true if the client wants only one extent.
        case blockStatus(onlyFirst: Bool)

        /// The log's name for it.
        package var description: String {
            switch self {
            case .read: "read"
            case .cache: "CACHE"
            case .blockStatus: "BLOCK_STATUS"
            }
        }
    }

    package let kind: Kind

    /// The client's name for the request; it means nothing to the server.
    package let cookie: UInt64

    /// The range of the export, in bytes from its start; inside it, and not empty.
    package let range: Range<UInt64>
}
