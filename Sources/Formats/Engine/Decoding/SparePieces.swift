/// Memory of pieces that went, for those that come.
///
/// Pieces that came and went one by one would leave holes in the C library's heap, which other data takes a part of: it
/// would grow by half of what the pieces take.
struct SparePieces {
    private var list: [[UInt8]] = []
    private var held = 0

    /// Keeps the memory of `piece`, unless as much as `limit` bytes is kept already.
    mutating func keep(_ piece: [UInt8], limit: Int) {
        guard held + piece.count <= limit else { return }
        held += piece.count
        list.append(piece)
    }

    /// The memory of a piece of `count` bytes.
    mutating func take(_ count: Int) -> [UInt8]? {
        guard let index = list.lastIndex(where: { $0.count == count }) else {
            // Those of another size are of no use any more.
            if let other = list.popLast() { held -= other.count }
            return nil
        }
        let piece = list.remove(at: index)
        held -= piece.count
        return piece
    }
}
