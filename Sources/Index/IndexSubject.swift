import VitrineFormats

/// What an index is of: a layer of an image, recognised by its fingerprint.
package struct IndexSubject: Hashable, Sendable {
    /// What the layer is made of; decides what the details are.
    package enum Kind: UInt32, Sendable {
        /// LZMA2 in an .xz file.
        case xz = 1
        /// Compressed grains in a VMDK stream whose grain directory is missing.
        case vmdk = 2

        /// What layers of `format` are made of; nil where seeking in them needs no index.
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

    /// The length in bytes of what the layer is decoded from.
    package var inputSize: UInt64

    /// The length in bytes of what the layer holds.
    package var size: UInt64

    /// A layer of `kind` that decodes `inputSize` bytes to `size`.
    package init(kind: Kind, fingerprint: Fingerprint, inputSize: UInt64, size: UInt64) {
        self.kind = kind
        self.fingerprint = fingerprint
        self.inputSize = inputSize
        self.size = size
    }

    /// Whether a span with these numbers can be one of this layer.
    func admits(_ range: Range<UInt64>, input: UInt64) -> Bool {
        !range.isEmpty && range.upperBound <= size && input < inputSize
    }
}
