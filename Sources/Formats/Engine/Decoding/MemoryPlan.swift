/// Divides the memory budget among the kinds of data. All shares are in bytes.
///
/// Decoders take their memory from the system and give it back. Pieces lie in the C library's heap, which does not
/// shrink when they go. So memory that decoders once reached is never given to pieces, and when they reach more, the heap
/// is told to give back what it can: the process does not grow by both.
package struct MemoryPlan: Sendable {
    /// The whole budget.
    package let budget: Int

    package init(budget: Int) {
        self.budget = budget
    }

    // MARK: Decoders

    /// The limit of one decoder: half of the budget, so that there is room for the data it decodes. With the decoders
    /// that it reads through, which take `below`, the limit is all but a sixteenth.
    package func decoder(below: Int = 0) -> Int {
        max(0, min(budget / 2, budget / 16 * 15 - below))
    }

    /// The limit of all decoders together, at work and parked, if the largest takes `largest`.
    ///
    /// Half of the budget, or up to two thirds if two such decoders fit then: one may go on in the next block before
    /// the last one is done.
    func decoders(largest: Int) -> Int {
        let (two, overflow) = largest.multipliedReportingOverflow(by: 2)
        return max(budget / 2, overflow ? 0 : min(two, budget / 3 * 2))
    }

    /// The limit of parked decoders that nobody is expected to come back to at once: a twelfth of the budget, or one
    /// decoder of any size.
    var parked: Int { budget / 12 }

    /// The turn, in nanoseconds, for which a decoder of `cost` bytes is kept for its reader while another waits for the
    /// memory.
    ///
    /// It is many times the time to recreate the decoder, which is about the time to decode the data it holds.
    func turnTime(cost: Int) -> UInt64 { UInt64(cost >> 20) * 50_000_000 }

    /// The number of bytes by which decoders have to grow before the heap is told to give memory back: a sixty-fourth of
    /// the budget, so that it is not told often.
    var growthToTrim: Int { budget / 64 }

    // MARK: Pieces

    /// The limit of pieces if decoders have reached `decoders` and other data has `setAside`. At least a sixteenth of
    /// the budget.
    func pieces(decoders: Int, setAside: Int) -> Int {
        max(budget / 16, budget - heapLoss - decoders - setAside)
    }

    /// The memory that the heap loses between pieces that come and go: a twelfth of the budget.
    private var heapLoss: Int { budget / 12 }

    /// The part of `pieces`, the room for pieces, that may be decoded ahead of readers. The rest is for pieces that
    /// readers are in the middle of.
    func ahead(of pieces: Int) -> Int { pieces / 8 * 7 }

    /// The part of `pieces`, the room for pieces, that one decoder may decode ahead at once. It is less than half of
    /// all that may be ahead, so that another reader is not kept waiting.
    func portion(of pieces: Int) -> Int { pieces / 8 * 3 }

    /// The limit of discarded pieces whose memory is kept for new ones.
    var spare: Int { budget / 64 }

    // MARK: Layers

    /// The size of the largest block that is decoded whole, and verified, before any of it is given out. An eighth of
    /// the budget leaves room for blocks that others read meanwhile.
    var wholeBlock: UInt64 { UInt64(budget / 8) }

    /// The distance ahead of a reader that is searched for data to decode. More would push its own beginning out of the
    /// cache.
    var readAhead: UInt64 { UInt64(budget / 2) }

    /// The size of the window ahead of a reader in which a pass keeps the data it decodes.
    var window: UInt64 { UInt64(min(16 << 20, budget / 8)) }

    /// The limit of the details of spans that no file keeps: a quarter of the budget.
    var details: Int { budget / 4 }

    /// The limit of the tables of the disks in one image.
    var tables: Int { budget / 8 }
}
