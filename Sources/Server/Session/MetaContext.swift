import VitrineFormats

/// A kind of information that BLOCK_STATUS gives of an export, as a client has selected it.
///
/// Source: doc/proto.md, "Metadata querying"; for the namespace `qemu`, docs/interop/nbd.txt of qemu.
struct MetaContext: Sendable {
    enum Kind: Sendable {
        /// `base:allocation`: data, zeroes or a hole.
        case allocation
        /// `qemu:allocation-depth`: which image of a chain has it.
        case depth
        /// `qemu:dirty-bitmap:NAME`: whether it is dirty.
        case bitmap(any DirtyBitmap)
    }

    /// What replies call it; no other context of the export has the same.
    let id: UInt32

    let name: String
    let kind: Kind

    /// What is so at the start of `range`, and how far into `range` it stays the same; nil where that takes waiting and
    /// `mayWait` is false.
    ///
    /// `range` lies inside `source`, which the context is about, is not empty, and shorter than 4 GiB.
    func status(
        of source: any Source, in range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> StatusDescriptor? {
        switch kind {
        case .allocation:
            return try source.extent(in: range, mayWait: mayWait).map {
                StatusDescriptor($0.range, Self.flags($0.kind).rawValue)
            }
        // These are in tables that may have to be read.
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
