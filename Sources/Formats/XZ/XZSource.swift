import Synchronization

/// What an .xz file holds, readable at any offset.
///
/// Decoding starts at the start of a block. A block that is small against the
/// cache is decoded whole, and nothing of it is given out before its check has
/// been verified. A larger one is decoded as far as a read needs it, and the
/// decoder is kept for the next read; its check is verified when its end is
/// reached, and damage found then fails every later read of the block.
package final class XZSource: Source {
    package let size: UInt64

    private let base: any Source
    private let container: XZContainer
    private let engine: Engine
    private let owner: Int
    private let readers = Mutex(SequentialReaders())
    /// Blocks that turned out to be unreadable, so that they are not decoded again for every read.
    private let damages = Mutex<[Int: Damage]>([:])
    private static let maximumDamages = 1024

    /// The structure of the file.
    var structure: XZContainer { container }

    /// Opens the .xz file that `base` holds; its whole structure is checked, no block is decoded.
    package init(_ base: any Source, _ engine: Engine) throws(ImageError) {
        self.base = base
        self.engine = engine
        container = try XZContainer(of: base)
        size = container.size
        owner = engine.cache.newOwner()
    }

    deinit {
        engine.cache.remove(owner: owner)
    }

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        // First, so that the workers decode ahead while this read decodes.
        noteRead(offset..<offset + UInt64(buffer.count))
        _ = try fill(&buffer, at: offset) { cursor throws(ImageError) in try piece(cursor) }
    }

    package func fillNow(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64
    ) throws(ImageError) -> Bool {
        let isHere = try fill(&buffer, at: offset) { cursor throws(ImageError) in
            engine.cache.cached(unit(cursor.block), piece: cursor.piece)
        }
        // Otherwise the same read comes again, by `fill`.
        if isHere { noteRead(offset..<offset + UInt64(buffer.count)) }
        return isHere
    }

    /// Fills `buffer` from the pieces that `piece` gives; false as soon as it gives none.
    private func fill(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64,
        from piece: (Cursor) throws(ImageError) -> [UInt8]?
    ) throws(ImageError) -> Bool {
        var done = 0
        while done < buffer.count {
            let cursor = Cursor(container, offset + UInt64(done))
            guard let bytes = try piece(cursor) else { return false }
            let count = min(bytes.count - cursor.offset, buffer.count - done)
            buffer.copy(bytes, from: cursor.offset, count: count, to: done)
            done += count
        }
        return true
    }

    /// Reads ahead of whoever reads on and on.
    private func noteRead(_ range: Range<UInt64>) {
        if readers.withLock({ $0.isSequential(range) }) { readAhead(from: range.upperBound) }
    }

    package func extentNow(in range: Range<UInt64>) throws(ImageError) -> Extent? { Extent(range, .data) }

    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        // More than this would push out its own beginning.
        let end = min(range.upperBound, range.lowerBound + UInt64(engine.cache.budget / 2))
        var position = range.lowerBound
        var block = -1
        while position < end {
            let cursor = Cursor(container, position)
            if cursor.block != block {
                block = cursor.block
                readAhead(from: container.end(of: block), to: end)
            }
            let bytes = try piece(cursor)
            position += UInt64(bytes.count - cursor.offset)
        }
    }

    /// A place in the decoded data, in terms of blocks and pieces.
    private struct Cursor {
        let block: Int
        let piece: Int
        /// In bytes from the start of the piece.
        let offset: Int

        init(_ container: XZContainer, _ position: UInt64) {
            block = container.block(at: position)
            let inBlock = position - container.blocks[block].start
            piece = Int(inBlock / UInt64(XZBlockDecoder.pieceSize))
            offset = Int(inBlock % UInt64(XZBlockDecoder.pieceSize))
        }
    }

    private func unit(_ block: Int) -> DecodedCache.Unit { DecodedCache.Unit(owner: owner, number: block) }

    private func uncompressedSize(_ block: Int) -> UInt64 {
        container.end(of: block) - container.blocks[block].start
    }

    /// Blocks up to an eighth of the budget leave room for those that others read meanwhile.
    private func isDecodedWhole(_ block: Int) -> Bool {
        uncompressedSize(block) <= UInt64(engine.cache.budget / 8)
    }

    private func piece(_ cursor: Cursor) throws(ImageError) -> [UInt8] {
        let block = cursor.block
        if let damage = damages.withLock({ $0[block] }), damage.firstPiece <= cursor.piece {
            throw damage.error
        }
        return try engine.cache.piece(unit(block), cursor.piece) { publish throws(ImageError) in
            try isDecodedWhole(block)
                ? decodeWhole(block, cursor.piece, publish)
                : decode(block, upTo: cursor.piece, publish)
        }
    }

    private func decodeWhole(
        _ block: Int, _ wanted: Int, _ publish: DecodedCache.Publish
    ) throws(ImageError) -> [UInt8] {
        do throws(ImageError) {
            let decoder = try decoder(block)
            let cost = decoder.cost + Int(uncompressedSize(block))
            engine.cache.reserve(cost)
            defer { engine.cache.release(cost) }
            var pieces: [[UInt8]] = []
            while !decoder.isFinished { pieces.append(try decoder.decodePiece()) }
            publish(0, pieces)
            return pieces[wanted]
        } catch {
            throw note(error, in: block, from: 0)
        }
    }

    private func decode(
        _ block: Int, upTo wanted: Int, _ publish: DecodedCache.Publish
    ) throws(ImageError) -> [UInt8] {
        var firstDamaged = 0
        do throws(ImageError) {
            let decoder =
                if let parked = engine.cache.takeParked(unit(block), before: wanted) as? XZBlockDecoder {
                    parked
                } else {
                    try decoder(block)
                }
            engine.cache.reserve(decoder.cost)
            defer { engine.cache.release(decoder.cost) }
            while true {
                let number = decoder.nextPiece
                // What is found at the end of a block is wrong with all of it.
                defer { firstDamaged = decoder.isFinished ? 0 : number }
                let bytes = try decoder.decodePiece()
                publish(number, [bytes])
                if number == wanted {
                    if !decoder.isFinished { engine.cache.park(decoder, of: unit(block)) }
                    return bytes
                }
            }
        } catch {
            throw note(error, in: block, from: firstDamaged)
        }
    }

    private func decoder(_ block: Int) throws(ImageError) -> XZBlockDecoder {
        try XZBlockDecoder(
            of: base, container.blocks[block], uncompressedSize: uncompressedSize(block),
            memoryLimit: engine.cache.budget / 2)
    }

    // MARK: Damage

    /// That a block cannot be read, and from which of its pieces on.
    private struct Damage {
        var firstPiece: Int
        var error: ImageError
    }

    private func isDamaged(_ block: Int) -> Bool { damages.withLock { $0[block] != nil } }

    /// Remembers `error`, unless another attempt may end differently; returns it with the block it lies in.
    private func note(_ error: ImageError, in block: Int, from piece: Int) -> ImageError {
        var placed = error
        placed.path = ["xz", "block \(block + 1) at \(container.blocks[block].offset)"] + error.path
        let damage = Damage(firstPiece: piece, error: placed)
        switch error.code {
        case .io, .outOfRange: break
        case .corrupt, .unsupported, .limit, .refused:
            damages.withLock { if $0.count < Self.maximumDamages { $0[block] = damage } }
            // What was given out of the block already cannot be taken back; no more of it will be.
            if piece == 0 { engine.cache.remove(unit(block)) }
        }
        return placed
    }

    // MARK: Reading ahead

    /// Has the workers decode the blocks after the one at `position`, one for each of them.
    private func readAhead(from position: UInt64) {
        guard position < size else { return }
        let last = min(container.block(at: position) + engine.workers.count, container.blocks.count - 1)
        readAhead(from: position, to: container.end(of: last))
    }

    /// Has the workers decode the blocks that hold `position` to `end`, as far as there is room.
    private func readAhead(from position: UInt64, to end: UInt64) {
        var room = UInt64(engine.cache.budget / 2)
        var position = position
        while position < end {
            let block = container.block(at: position)
            let count = uncompressedSize(block)
            guard isDecodedWhole(block), count <= room else { return }
            room -= count
            if !engine.cache.isUnderWay(unit(block), piece: 0), !isDamaged(block) {
                let cursor = Cursor(container, container.blocks[block].start)
                engine.workers.submit(.ahead) {
                    // Whoever reads the block is told what is wrong with it.
                    _ = try? self.piece(cursor)
                }
            }
            position = container.end(of: block)
        }
    }
}
