import VitrineFormats

/// The layer of an image that an index belongs to, recognised by its fingerprint.
package struct IndexSubject: Hashable, Sendable {
    /// The number of the kind of its index (`SeekKind`), which decides the contents of the details.
    package var kind: UInt32

    /// The fingerprint of the file, or of the layer in it.
    package var fingerprint: Fingerprint

    /// The length in bytes of the data that the layer is decoded from.
    package var inputSize: UInt64

    /// The length in bytes of the decoded layer. Nil if only decoding all of it tells: the last span then ends where the layer does,
    /// once there is one for all of it.
    package var size: UInt64?

    /// A layer of `kind` that decodes `inputSize` bytes to `size`.
    package init(kind: UInt32, fingerprint: Fingerprint, inputSize: UInt64, size: UInt64?) {
        self.kind = kind
        self.fingerprint = fingerprint
        self.inputSize = inputSize
        self.size = size
    }

    /// True if a span of this layer can cover `range`, and its decoding can start at offset `input` of the layer's input.
    func admits(_ range: Range<UInt64>, input: UInt64) -> Bool {
        !range.isEmpty && range.upperBound <= size ?? .max && input < inputSize
    }
}
