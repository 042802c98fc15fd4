import VitrineFormats

/// A kind of information that BLOCK_STATUS gives of an export, selected by a client.
///
/// Source: doc/proto.md, "Metadata querying"; for the namespace `qemu`, docs/interop/nbd.txt of qemu.
struct MetaContext: Sendable {
    enum Kind: Sendable {
        /// `base:allocation`: data, zeroes or a hole.
        case allocation
        /// `qemu:allocation-depth`: the image of a chain that has the data.
        case depth
        /// `qemu:dirty-bitmap:NAME`: dirty or not.
        case bitmap(any DirtyBitmap)
    }

    /// The number of the context in replies. No other context of the export has the same.
    let id: UInt32

    let name: String
    let kind: Kind

    /// The status at the start of `range`, and the length over which it stays the same. Nil if finding it would mean waiting and
    /// `mayWait` is false.
    ///
    /// `range` is not empty, shorter than 4 GiB, and lies inside `source`, which the context describes.
    func status(
        of source: any Source, in range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> StatusDescriptor? {
        switch kind {
        case .allocation:
            return try source.extent(in: range, mayWait: mayWait).map {
                StatusDescriptor($0.range, Self.flags($0.kind).rawValue)
            }
        // Depths and bitmaps are in tables that may have to be read.
        case .depth where mayWait:
            let allocation = try source.depth(in: range)
            return StatusDescriptor(allocation.range, UInt32(allocation.depth))
        case .bitmap(let bitmap) where mayWait:
            let found = try bitmap.extent(in: range)
            return StatusDescriptor(found.range, found.isDirty ? NBD.dirty : 0)
        case .depth, .bitmap:
            return nil
        }
    }

    private static func flags(_ kind: Extent.Kind) -> NBD.AllocationFlags {
        switch kind {
        case .data: []
        case .zero: .zero
        case .hole: [.hole, .zero]
        }
    }
}
