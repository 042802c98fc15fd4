/// Cuts the output of a decoder into pieces.
struct PieceReader {
    /// The reason why a piece ends.
    enum End {
        case full
        /// `goesOn` returned false between two chunks.
        case stopped
        /// The data has ended.
        case dataEnd
    }

    let decoder: any SeekDecoder

    /// The cache that has memory for pieces.
    let cache: DecodedCache

    /// The next piece of up to `limit` bytes. Calls `goesOn` before each chunk, and stops if it returns false.
    func next(
        _ limit: Int, while goesOn: () -> Bool = { true }
    ) throws(ImageError) -> (piece: Piece, end: End) {
        var end = End.full
        // Zeroes are only counted, and take no memory, until something else comes.
        var zeroes = 0
        while zeroes < limit {
            if decoder.available == 0 {
                guard goesOn() else { return (.zeroes(zeroes), .stopped) }
                guard try decoder.decodeChunk() else { return (.zeroes(zeroes), .dataEnd) }
            }
            let count = decoder.skipZeroes(limit - zeroes)
            if count == 0 { break }
            zeroes += count
        }
        guard zeroes < limit else { return (.zeroes(zeroes), .full) }
        var bytes = cache.emptyPiece(limit)
        try bytes.append(addingCapacity: limit) { output throws(ImageError) in
            output.append(repeating: 0, count: zeroes)
            while output.freeCapacity > 0 {
                if decoder.available == 0 {
                    guard goesOn() else {
                        end = .stopped
                        return
                    }
                    guard try decoder.decodeChunk() else {
                        end = .dataEnd
                        return
                    }
                }
                decoder.take(limit, into: &output)
            }
        }
        return (.bytes(bytes), end)
    }
}
