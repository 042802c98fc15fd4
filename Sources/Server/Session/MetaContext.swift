import VitrineExports
import VitrineFormats

/// A status of an export that a client has selected for BLOCK_STATUS.
///
/// Source: doc/proto.md, "Metadata querying".
struct MetaContext: Sendable {
    /// The number of the context in replies. No other context of the export has the same.
    let id: UInt32

    let status: any ExportStatus

    var name: String { status.name }

    /// The status at the start of `range`, and the length over which it stays the same. Nil if finding it would mean waiting and
    /// `mayWait` is false.
    ///
    /// `range` is not empty, shorter than 4 GiB, and lies inside `source`, which the context describes.
    func descriptor(
        of source: any Source, in range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> StatusDescriptor? {
        try status.stretch(of: source, in: range, mayWait: mayWait).map {
            StatusDescriptor($0.range, $0.flags)
        }
    }
}
