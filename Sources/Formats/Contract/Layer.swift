/// One of the formats an image is made of, such as the xz around a raw disk.
public struct Layer: Sendable {
    /// A fact about a layer.
    public struct Property: Sendable {
        /// A property's value.
        public enum Value: Sendable {
            /// A count.
            case number(UInt64)
            /// A length in bytes.
            case bytes(UInt64)
            /// Words.
            case text(String)
            /// Words for people. Programs get the number, or null.
            case phrase(String, UInt64?)
            /// Several words.
            case texts([String])
            /// A yes or no.
            case flag(Bool)
            /// A part of a whole.
            case share(UInt64, of: UInt64)
            /// A point in time, in seconds since 1970.
            case date(UInt64)
            /// Several things of one kind, each with the same properties. `total` may be more than are here.
            case records([[Property]], total: UInt64)
        }

        /// Its name for programs; stable, in lower case, with hyphens.
        public let key: String
        /// Its name for people. Empty if it is for programs only.
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

    /// The length of the layer's content in bytes. Nil if that is not known before all of it has been decoded.
    public let size: UInt64?

    /// The facts about it, in a fixed order.
    public let properties: [Property]

    /// The files it names.
    package let references: [Reference]

    /// The layer itself, if seeking in it gets faster once it is indexed.
    package let indexable: (any Indexable)?

    /// The formats of `layers`, innermost first: `raw in xz`.
    package static func stack(_ layers: [Layer]) -> String {
        layers.reversed().map(\.format).joined(separator: " in ")
    }
}
