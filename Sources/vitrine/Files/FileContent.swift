import VitrineFormats

/// The content of a file in an image, to be written elsewhere.
struct FileContent {
    private let content: any Source

    private static let pieceSize: UInt64 = 1 << 20

    init(_ content: any Source) {
        self.content = content
    }

    /// Writes all of it to `target`. Holes and zeroes are left to the target.
    ///
    /// Throws an `ImageError` if it cannot be read, and a `CommandError` if it cannot be written.
    func write(to target: any CopyTarget) throws {
        var position: UInt64 = 0
        while position < content.size {
            let extent = try content.extent(in: position..<content.size)
            if extent.kind == .data {
                let end = min(extent.range.upperBound, position + Self.pieceSize)
                let piece = try content.bytes(at: position, count: Int(end - position))
                try target.write(piece, 0..<piece.count, at: position)
                position = end
            } else {
                try target.writeZeroes(extent.range)
                position = extent.range.upperBound
            }
        }
    }
}
