/// Shares of the memory budget: what each kind of data may take of it, in bytes.
///
/// Decoders get their memory from the system and give it back; pieces lie in the C library's heap, which does not shrink when they
/// go. So what decoders have had at their most is never given to pieces, and the process does not grow by both.
package struct MemoryPlan: Sendable {
    /// The whole budget.
    package let budget: Int

    package init(budget: Int) {
        self.budget = budget
    }

    // MARK: Decoders

    /// One decoder: half, so that there is room for what it decodes; together with those that it reads through, which take `below`, all
    /// but a sixteenth.
    package func decoder(below: Int = 0) -> Int {
        max(0, min(budget / 2, budget / 16 * 15 - below))
    }

    /// All decoders together, at work and parked, of which the largest takes `largest`.
    ///
    /// Half; or two thirds where that lets two of them be there, as one that goes on in the next block does while the last
    /// one is not done yet.
    func decoders(largest: Int) -> Int {
        let (two, overflow) = largest.multipliedReportingOverflow(by: 2)
        return max(budget / 2, overflow ? 0 : min(two, budget / 3 * 2))
    }

    /// Parked decoders that are cheap to come by again: a twelfth, or one of any size.
    var parked: Int { budget / 12 }

    /// How long a decoder of `cost` bytes that is dear to come by again is kept for its reader where another waits for the memory, in
    /// nanoseconds: many times of what it takes to come by it, which is about as long as decoding what it holds.
    func turnTime(cost: Int) -> UInt64 { UInt64(cost >> 20) * 50_000_000 }

    // MARK: Pieces

    /// What pieces may take where decoders have had `decoders`, and other data has `setAside`; never less than a sixteenth.
    func pieces(decoders: Int, setAside: Int) -> Int {
        max(budget / 16, budget - heapLoss - decoders - setAside)
    }

    /// What the heap loses between pieces that come and go: a twelfth.
    private var heapLoss: Int { budget / 12 }

    /// What may be decoded ahead of readers of the `pieces` there is room for; the rest is for what readers are in the middle of.
    func ahead(of pieces: Int) -> Int { pieces / 8 * 7 }

    /// What one decoder may decode ahead at once of the `pieces` there is room for: less than half of all that may be ahead, so that another reader is not
    /// kept waiting.
    func portion(of pieces: Int) -> Int { pieces / 8 * 3 }

    /// Memory of pieces that went, kept for those that come.
    var spare: Int { budget / 64 }

    // MARK: Layers

    /// The largest block that is decoded whole, and verified, before anything of it is given out: an eighth, which leaves
    /// room for those that others read meanwhile.
    var wholeBlock: UInt64 { UInt64(budget / 8) }

    /// How far ahead of a reader is looked for something to decode; more would push out its own beginning.
    var readAhead: UInt64 { UInt64(budget / 2) }

    /// The window ahead of a reader of which a pass keeps what it decodes.
    var window: UInt64 { UInt64(min(16 << 20, budget / 8)) }

    /// Details of spans that no file keeps: a quarter.
    var details: Int { budget / 4 }

    /// Tables of the disks in one image.
    var tables: Int { budget / 8 }
}
