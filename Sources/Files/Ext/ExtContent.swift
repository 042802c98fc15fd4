import VitrineFormats

/// The content of a file in an ext2, ext3 or ext4: ranges of the file system, and holes between them.
final class ExtContent: MappedSource {
    /// A range of the content, and the place of its bytes in the file system.
    private struct Piece {
        let range: Range<UInt64>
        let place: UInt64
    }

    let size: UInt64
    private let base: Base
    /// The pieces in order, not empty, none over another.
    private let pieces: [Piece]

    var bases: [Base] { [base] }

    /// Reads the `vitrine_extent`s in `fields`, of a file of `size` bytes in `source`.
    ///
    /// Throws `corrupt` if they are not in order, or lie outside.
    init(_ source: any Source, _ fields: Fields, size: UInt64) throws(ImageError) {
        var pieces: [Piece] = []
        var end: UInt64 = 0
        for position in stride(from: 0, to: fields.bytes.count, by: 24) {
            let offset: UInt64 = try fields.little("offset of extent", at: position)
            let place: UInt64 = try fields.little("place of extent", at: position + 8)
            let count: UInt64 = try fields.little("length of extent", at: position + 16)
            guard count > 0, offset >= end, count <= UInt64.max - offset else {
                throw ImageError(
                    .corrupt, "an extent of \(count) bytes at \(offset) follows one that ends at \(end)")
            }
            end = offset + count
            // A file may have more blocks than its size needs.
            guard offset < size else { continue }
            let used = min(count, size - offset)
            try source.require("the extent at \(offset) of the file", at: place, count: used)
            pieces.append(Piece(range: offset..<offset + used, place: place))
        }
        self.size = size
        self.pieces = pieces
        base = Base(source, .part)
    }

    func content(in range: Range<UInt64>, for purpose: Purpose) -> Content? {
        let index = pieces.partitionPoint { $0.range.upperBound > range.lowerBound }
        guard index < pieces.count else { return Content(range, .hole) }
        let piece = pieces[index]
        guard piece.range.lowerBound <= range.lowerBound else {
            return Content(range.lowerBound..<min(piece.range.lowerBound, range.upperBound), .hole)
        }
        return Content(
            range.clamped(to: piece.range),
            .base(base, at: piece.place + (range.lowerBound - piece.range.lowerBound)))
    }
}
