/// One of the formats an image is made of, such as the xz around a raw disk.
public struct Layer: Sendable {
    /// Something there is to say about a layer.
    public struct Property: Sendable {
        /// A property's value.
        public enum Value: Sendable {
            /// A count.
            case number(UInt64)
            /// A length in bytes.
            case bytes(UInt64)
            /// Words.
            case text(String)
            /// Words for people, where programs are given a number, or null.
            case phrase(String, UInt64?)
            /// Several words.
            case texts([String])
            /// Whether something is so.
            case flag(Bool)
            /// So many of a whole.
            case share(UInt64, of: UInt64)
            /// A point in time, in seconds since 1970.
            case date(UInt64)
            /// Several things of one kind, each with the same properties; `total` may be more than are here.
            case records([[Property]], total: UInt64)
        }

        /// Its name for programs; stable, in lower case, with hyphens.
        public let key: String
        /// Its name for people; empty where it is for programs only.
        public let label: String
        /// Its value.
        public let value: Value

        init(_ key: String, _ label: String, _ value: Value) {
            self.key = key
            self.label = label
            self.value = value
        }
    }

    /// The format's name: `xz`, `raw`.
    public let format: String

    /// The length in bytes of what the layer holds.
    public let size: UInt64

    /// What there is to say about it, in a fixed order.
    public let properties: [Property]

    /// The files it names.
    package let references: [Reference]

    /// The layer itself, where seeking in it gets faster once it is indexed.
    package let indexable: (any Indexable)?

    /// What `layers` are, innermost first: `raw in xz`.
    package static func stack(_ layers: [Layer]) -> String {
        layers.reversed().map(\.format).joined(separator: " in ")
    }
}
