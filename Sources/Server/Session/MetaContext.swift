/// A kind of information that BLOCK_STATUS can give.
///
/// Source: doc/proto.md, "Metadata querying".
enum MetaContext: UInt32, CaseIterable, Sendable {
    case baseAllocation = 0

    var name: String {
        switch self {
        case .baseAllocation: NBD.baseAllocation
        }
    }

    /// The contexts that a query asks for: by name; `base:` means all of a namespace, when listing.
    static func matching(_ query: String, isListing: Bool) -> [MetaContext] {
        allCases.filter { context in
            query == context.name || (isListing && query.hasSuffix(":") && context.name.hasPrefix(query))
        }
    }
}
