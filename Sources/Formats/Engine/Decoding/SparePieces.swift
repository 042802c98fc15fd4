/// Keeps the memory of discarded pieces for new ones.
///
/// Pieces that come and go one by one would leave holes in the C library's heap, and other data would take parts of
/// these. The heap would grow by half of what the pieces take.
struct SparePieces {
    private var list: [[UInt8]] = []
    private var held = 0

    /// Keeps the memory of `piece` if that makes at most `limit` bytes in all.
    mutating func keep(_ piece: [UInt8], limit: Int) {
        guard held + piece.count <= limit else { return }
        held += piece.count
        list.append(piece)
    }

    /// Takes the memory of a piece of `count` bytes. Nil if none is kept.
    mutating func take(_ count: Int) -> [UInt8]? {
        guard let index = list.lastIndex(where: { $0.count == count }) else {
            // Pieces of another size are of no use any more.
            if let other = list.popLast() { held -= other.count }
            return nil
        }
        let piece = list.remove(at: index)
        held -= piece.count
        return piece
    }
}
