/// The feature bits of a qcow2 header (docs/interop/qcow2.txt, "Header").
struct QCOW2Features: Sendable {
    /// The kinds of bits, by their number in the table of names.
    enum Kind: UInt8, Sendable {
        /// Bits that must be known for the image to be opened.
        case incompatible = 0
        /// Bits that may be ignored.
        case compatible = 1
        /// Bits that a program clears if it changes the image without knowing them.
        case autoclear = 2
    }

    var incompatible: UInt64 = 0
    var compatible: UInt64 = 0
    var autoclear: UInt64 = 0

    /// Refcounts may be wrong. Reading does not use them.
    var isDirty: Bool { incompatible & 1 << 0 != 0 }
    /// The program that wrote the image last found it damaged.
    var isCorrupt: Bool { incompatible & 1 << 1 != 0 }
    /// Data is in another file.
    var hasDataFile: Bool { incompatible & 1 << 2 != 0 }
    /// Clusters are not compressed with zlib.
    var hasCompressionType: Bool { incompatible & 1 << 3 != 0 }
    /// L2 entries have 16 bytes, and describe 32 subclusters each.
    var hasExtendedL2: Bool { incompatible & 1 << 4 != 0 }
    /// Refcounts are written late. Reading does not use them.
    var hasLazyRefcounts: Bool { compatible & 1 << 0 != 0 }
    /// The bitmaps match the present state of the disk.
    var hasBitmaps: Bool { autoclear & 1 << 0 != 0 }
    /// The data file alone is the disk.
    var isDataFileRaw: Bool { hasDataFile && autoclear & 1 << 1 != 0 }

    /// The bits known here, by kind.
    private static let names: [Kind: [String]] = [
        .incompatible: [
            "dirty bit", "corrupt bit", "external data file", "compression type", "extended L2 entries",
        ],
        .compatible: ["lazy refcounts"],
        .autoclear: ["bitmaps", "raw external data"],
    ]

    private func bits(_ kind: Kind) -> UInt64 {
        switch kind {
        case .incompatible: incompatible
        case .compatible: compatible
        case .autoclear: autoclear
        }
    }

    /// The names of the bits of `kind` that are set, from here or from `table`.
    func names(_ kind: Kind, _ table: QCOW2FeatureNames) -> [String] {
        let known = Self.names[kind] ?? []
        return (0..<64).filter { bits(kind) >> UInt64($0) & 1 != 0 }.map { bit in
            if known.indices.contains(bit) { return known[bit] }
            return "bit \(bit)" + (table.name(kind, bit).map { " (\"\($0)\")" } ?? "")
        }
    }

    /// Throws `unsupported` if an incompatible bit is set that is not known here. `table` may have a name for it.
    func requireKnown(_ table: QCOW2FeatureNames) throws(ImageError) {
        var unknown = self
        unknown.incompatible &= ~0b11111
        let names = unknown.names(.incompatible, table)
        guard names.isEmpty else {
            throw ImageError(
                .unsupported,
                "incompatible_features at 72 is \(hex(incompatible)): not known here: \(names.joined(separator: ", "))"
            )
        }
    }
}
