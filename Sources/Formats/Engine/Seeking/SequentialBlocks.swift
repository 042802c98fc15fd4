import Synchronization

/// Reads blocks that decode from their start only, as their decoder has a state that no checkpoint holds.
///
/// A block that is small against the cache is decoded whole, and nothing of it is returned before its check has been
/// verified. A larger one is decoded up to the end of a read, and the decoder is kept for the next read. Its check is
/// verified when its end is reached, and damage found then fails every later read of the block.
final class SequentialBlocks: Sendable {
    private let spans: SeekSpans
    private let engine: Engine
    private let owner: Int
    /// The blocks that turned out to be unreadable, so that they are not decoded again for every read.
    private let damages = Mutex<[Int: Damage]>([:])
    private static let maximumDamages = 1024

    /// The error of a block, and the first piece that cannot be read.
    private struct Damage {
        var firstPiece: Int
        var error: ImageError
    }

    init(_ spans: SeekSpans, _ engine: Engine) {
        self.spans = spans
        self.engine = engine
        owner = engine.cache.newOwner()
    }

    deinit {
        engine.cache.remove(owner: owner)
    }

    private func unit(_ block: Int) -> DecodedCache.Unit { DecodedCache.Unit(owner: owner, number: block) }

    private func size(_ block: Int) -> UInt64 {
        let range = spans.range(of: block)
        return range.upperBound - range.lowerBound
    }

    /// Piece `piece` of `block`, if it is in the cache.
    func cached(_ block: Int, piece: Int, taking count: Int) -> [UInt8]? {
        engine.cache.cached(unit(block), piece: piece, taking: count)
    }

    /// True if the first piece of `block` is in the cache or being decoded, or if the block is damaged.
    func isUnderWay(_ block: Int) -> Bool {
        engine.cache.isUnderWay(unit(block), piece: 0) || damages.withLock { $0[block] != nil }
    }

    /// Piece `piece` of `block`, for a reader that takes `count` bytes of it.
    func piece(_ block: Int, piece: Int, taking count: Int) throws(ImageError) -> [UInt8] {
        if let damage = damages.withLock({ $0[block] }), damage.firstPiece <= piece { throw damage.error }
        let isWhole = spans.isDecodedWhole(block)
        return try engine.cache.piece(
            unit(block), piece, taking: count,
            demand: { () throws(ImageError) in try demand(block, isWhole: isWhole) },
            decode: { turn throws(ImageError) in
                isWhole
                    ? (try decodeWhole(block, piece, taking: count, turn), nil)
                    : try decode(block, upTo: piece, taking: count, turn)
            })
    }

    private func demand(_ block: Int, isWhole: Bool) throws(ImageError) -> DecodedCache.Demand {
        do throws(ImageError) {
            return DecodedCache.Demand(
                decoder: try opened(block).decoderMemory, below: spans.memoryBelow,
                ahead: isWhole ? Int(clamping: size(block)) : 0)
        } catch {
            throw note(error, in: block, from: 0)
        }
    }

    private func opened(_ block: Int) throws(ImageError) -> any SequentialBlock {
        guard case .sequential(let opened) = try spans.open(block) else {
            throw ImageError(
                .corrupt, "the block was one that decodes from its start only, and is not any more")
        }
        return opened
    }

    private func decodeWhole(
        _ block: Int, _ wanted: Int, taking count: Int, _ turn: DecodedCache.Turn
    ) throws(ImageError) -> [UInt8] {
        do throws(ImageError) {
            let decoder = try decoder(block)
            var pieces: [[UInt8]] = []
            while !decoder.isFinished { pieces.append(try decoder.decodePiece()) }
            for (number, bytes) in pieces.enumerated() {
                engine.cache.publish(turn, number, bytes, for: .ahead(taken: number == wanted ? count : 0))
            }
            return pieces[wanted]
        } catch {
            throw note(error, in: block, from: 0)
        }
    }

    private func decode(
        _ block: Int, upTo wanted: Int, taking count: Int, _ turn: DecodedCache.Turn
    ) throws(ImageError) -> (piece: [UInt8], rest: (any DecodedCache.Parked)?) {
        var firstDamaged = 0
        do throws(ImageError) {
            let decoder =
                if let parked = turn.parked as? any SequentialDecoder { parked } else { try decoder(block) }
            while true {
                let number = decoder.nextPiece
                // An error found at the end of a block affects all of it.
                defer { firstDamaged = decoder.isFinished ? 0 : number }
                let bytes = try decoder.decodePiece()
                engine.cache.publish(
                    turn, number, bytes, for: number == wanted ? .ahead(taken: count) : .again(rounds: 0))
                if number == wanted { return (bytes, decoder.isFinished ? nil : decoder) }
            }
        } catch {
            throw note(error, in: block, from: firstDamaged)
        }
    }

    private func decoder(_ block: Int) throws(ImageError) -> any SequentialDecoder {
        try opened(block).decoder()
    }

    /// Remembers `error`, unless another attempt may end differently. Returns it with the block added to its path.
    private func note(_ error: ImageError, in block: Int, from piece: Int) -> ImageError {
        let placed = spans.placed(error, block)
        let damage = Damage(firstPiece: piece, error: placed)
        switch error.code {
        case .io, .outOfRange: break
        case .corrupt, .unsupported, .limit, .refused:
            damages.withLock { if $0.count < Self.maximumDamages { $0[block] = damage } }
            // Data of the block that was returned already cannot be taken back, but no more of it will be returned.
            if piece == 0 { engine.cache.remove(unit(block)) }
        }
        return placed
    }
}
