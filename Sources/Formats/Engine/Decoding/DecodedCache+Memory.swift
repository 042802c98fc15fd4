// Decides which thread gets memory, and which waits for it.
extension DecodedCache.State {
    /// The time without progress, in nanoseconds, after which pieces ahead of other readers are given up for a waiting
    /// one.
    private static let patience: UInt64 = 250_000_000

    /// Grants the memory of `demand` to a thread that has this `claim`. Returns nil if there is no room for it now.
    mutating func admit(
        _ demand: DecodedCache.Demand, _ unit: DecodedCache.Unit, before piece: Int,
        _ wish: DecodedCache.Wish, _ claim: Int?, _ plan: MemoryPlan
    ) -> DecodedCache.Turn? {
        largest = max(largest, demand.decoder)
        let (least, overflow) = demand.decoder.addingReportingOverflow(demand.below)
        if wish != .decoder {
            // Work that nobody waits for yet is not worth giving up a parked decoder.
            let kept =
                wish == .reader
                ? parked.firmCost(but: unit, before: piece, plan)
                : parked.has(unit, before: piece) ? 0 : parked.cost
            let free = plan.decoders(largest: largest) - claimed - kept
            // A decoder alone is always admitted: its layer has made sure that it fits in the budget.
            guard claimed == 0 && kept == 0 || !overflow && least <= free else { return nil }
        }
        guard let ahead = grant(demand.ahead, decoders: reserved + demand.decoder, wish, plan) else {
            return nil
        }
        let decoder = parked.take(unit, before: piece)
        let cost = decoder?.cost ?? demand.decoder
        let turn = DecodedCache.Turn(
            unit, parked: decoder, ahead: ahead, cost: cost, below: demand.below, claimBefore: claim)
        reserved += cost
        claimed += turn.claim
        promised += ahead
        makeRoom(plan)
        if peak - peakWhenTrimmed >= plan.growthToTrim {
            peakWhenTrimmed = peak
            turn.takesFromPieces = true
        }
        return turn
    }

    /// Grants up to `wanted` bytes to decode ahead. Returns nil if there is too little room now.
    private mutating func grant(
        _ wanted: Int, decoders: Int, _ wish: DecodedCache.Wish, _ plan: MemoryPlan
    ) -> Int? {
        guard wanted > 0 else { return 0 }
        let room = plan.pieces(decoders: max(peak, decoders), setAside: setAside)
        let portion = plan.portion(of: room)
        let most = min(wanted, portion)
        let free = plan.ahead(of: room) - pieces.ahead - promised
        switch wish {
        case .nobody: return most <= free - portion ? most : nil
        case .decoder: return max(0, min(most, free))
        case .reader:
            if most <= free { return most }
            // As long as other readers take their pieces, room will become free.
            guard promised == 0, monotonicTime() - pieces.lastProgress > Self.patience else { return nil }
            pieces.giveUpAhead(most - free)
            return most
        }
    }

    /// The number of bytes that may still be decoded ahead.
    func freeAhead(_ plan: MemoryPlan) -> Int {
        plan.ahead(of: plan.pieces(decoders: peak, setAside: setAside)) - pieces.ahead - promised
    }

    mutating func insert(
        _ key: PieceTable.Key, _ content: CachedPiece, for purpose: PieceTable.Purpose, _ plan: MemoryPlan
    ) {
        pieces.insert(key, content, for: purpose)
        makeRoom(plan)
    }

    /// Gives up parked decoders and pieces to make room for decoders at work, and for the pieces that these will add.
    mutating func makeRoom(_ plan: MemoryPlan) {
        let most = plan.decoders(largest: largest)
        while reserved + parked.cost > most, parked.giveUpOne(plan) {}
        peak = max(peak, reserved + parked.cost)
        let room = plan.pieces(decoders: peak, setAside: setAside)
        pieces.evict(to: max(0, room - promised)) { spare.keep($0, limit: plan.spare) }
    }

    mutating func removeAll(where matches: (DecodedCache.Unit) -> Bool) {
        pieces.removeAll(where: matches)
        parked.removeAll(where: matches)
    }
}
