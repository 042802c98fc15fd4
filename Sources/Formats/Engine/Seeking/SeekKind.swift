/// The kind of a seek index: the format whose checkpoints its details hold.
package struct SeekKind: Hashable, Sendable {
    /// The number in index files (docs/seek-index.md, "Kind").
    package let number: UInt32
    /// The name of the format, part of the fingerprints of such files.
    package let name: String

    /// The kind of `format` with this number, which no other format has.
    package init(_ number: UInt32, of format: String) {
        self.number = number
        name = format
    }
}
