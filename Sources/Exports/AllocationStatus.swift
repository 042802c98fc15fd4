package import VitrineFormats

/// Data, zeroes or a hole.
///
/// Source: NBD's doc/proto.md, "The `base:allocation` metadata context".
package struct AllocationStatus: ExportStatus {
    /// Nothing is allocated there.
    package static let hole: UInt32 = 1 << 0
    /// It reads as zeroes.
    package static let zero: UInt32 = 1 << 1

    package let name = "base:allocation"

    package init() {}

    package func stretch(
        of source: any Source, in range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> StatusStretch? {
        try source.extent(in: range, mayWait: mayWait).map { StatusStretch($0.range, Self.flags($0.kind)) }
    }

    private static func flags(_ kind: Extent.Kind) -> UInt32 {
        switch kind {
        case .data: 0
        case .zero: zero
        case .hole: hole | zero
        }
    }
}
