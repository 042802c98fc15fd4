import VitrineFormats

/// The layer of an image that an index belongs to, recognised by its fingerprint.
package struct IndexSubject: Hashable, Sendable {
    /// The encoding of the layer, which decides the contents of the details.
    package enum Kind: UInt32, Sendable {
        /// LZMA2 in an .xz file.
        case xz = 1
        /// Compressed grains in a VMDK stream whose grain directory is missing.
        case vmdk = 2

        /// The kind of the layers of `format`. Nil if seeking in them needs no index.
        init?(format: String) {
            switch format {
            case "xz": self = .xz
            case "vmdk": self = .vmdk
            default: return nil
            }
        }
    }

    package var kind: Kind

    /// The fingerprint of the file, or of the layer in it.
    package var fingerprint: Fingerprint

    /// The length in bytes of the data that the layer is decoded from.
    package var inputSize: UInt64

    /// The length in bytes of the decoded layer.
    package var size: UInt64

    /// A layer of `kind` that decodes `inputSize` bytes to `size`.
    package init(kind: Kind, fingerprint: Fingerprint, inputSize: UInt64, size: UInt64) {
        self.kind = kind
        self.fingerprint = fingerprint
        self.inputSize = inputSize
        self.size = size
    }

    /// True if a span of this layer can cover `range`, and its decoding can start at offset `input` of the layer's input.
    func admits(_ range: Range<UInt64>, input: UInt64) -> Bool {
        !range.isEmpty && range.upperBound <= size && input < inputSize
    }
}
