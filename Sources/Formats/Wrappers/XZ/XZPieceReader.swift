/// Cuts the output of an LZMA2 decoder into pieces.
struct XZPieceReader {
    /// One piece, or the part of one before the end.
    enum Piece {
        /// This many zeroes.
        case zeroes(Int)
        case bytes([UInt8])

        var count: Int {
            switch self {
            case .zeroes(let count): count
            case .bytes(let bytes): bytes.count
            }
        }

        var isZeroes: Bool {
            if case .zeroes = self { true } else { false }
        }

        var content: [UInt8] {
            switch self {
            case .zeroes(let count): [UInt8](repeating: 0, count: count)
            case .bytes(let bytes): bytes
            }
        }

        /// The hash of the piece in seek indexes.
        var hash: UInt64 {
            switch self {
            case .zeroes: SpanDetail.zeroHash
            case .bytes(let bytes): SpanDetail.hash(bytes)
            }
        }
    }

    /// The reason why a piece ends.
    enum End {
        case full
        /// `goesOn` returned false between two chunks.
        case stopped
        /// The data has ended.
        case dataEnd
    }

    let decoder: LZMA2Decoder

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
        let bytes = try [UInt8](capacity: limit) { output throws(ImageError) in
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
