import Synchronization

extension ClusterDisk {
    /// The number of bytes ahead for which the data file is asked for its extents.
    private static let foresight: UInt64 = 64 << 20

    package func extent(in range: Range<UInt64>) throws(ImageError) -> Extent {
        try extent(in: range, mayWait: true) ?? Extent(range, .data)
    }

    package func extentNow(in range: Range<UInt64>) throws(ImageError) -> Extent? {
        try extent(in: range, mayWait: false)
    }

    /// The extent at the start of `range`. Returns nil if finding it would wait and `mayWait` is false.
    private func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        try Extent.joined(in: range) { (range) throws(ImageError) in try part(of: range, mayWait) }
    }

    /// The extent of the run at the start of `range`.
    private func part(of range: Range<UInt64>, _ mayWait: Bool) throws(ImageError) -> Extent? {
        guard let run = try map.run(in: range, mayWait: mayWait) else { return nil }
        switch run.content {
        case .compressed:
            let end = map.endOfCompressed(in: range, mayWait: mayWait)
            return Extent(range.lowerBound..<max(end, run.range.upperBound), .data)
        case .zero:
            // A hole even if the image allocates space for the zeroes, as with qemu-nbd.
            return Extent(run.range, .hole)
        case .unallocated:
            guard let backing, run.range.lowerBound < backing.source.size else {
                return Extent(run.range, .hole)
            }
            let held = run.range.lowerBound..<min(run.range.upperBound, backing.source.size)
            return try backing.naming { () throws(ImageError) in
                try backing.source.extent(in: held, mayWait: mayWait)
            }
        case .data(let offset):
            // The holes of a raw data file are not looked up, as with qemu-nbd.
            if map.hasRawDataFile { return Extent(run.range, .data) }
            return try part(of: run.range, at: offset, mayWait)
        }
    }

    /// The extent at the start of `range`, which lies at `offset` of the data file. A hole there is zeroes here.
    private func part(
        of range: Range<UInt64>, at offset: UInt64, _ mayWait: Bool
    ) throws(ImageError) -> Extent? {
        guard offset < data.size else {
            // The rest of the last cluster is zeroes. Reading reports what is missing behind it.
            let inCluster = range.lowerBound & (clusterSize - 1)
            guard offset - inCluster < data.size else { return Extent(range, .data) }
            let end = min(range.upperBound, range.lowerBound - inCluster + clusterSize)
            return Extent(range.lowerBound..<end, .zero)
        }
        let held = offset..<offset + min(range.upperBound - range.lowerBound, data.size - offset)
        if knownData.withLock({ held.clamped(to: $0) == held }) {
            return Extent(held.moved(from: offset, to: range.lowerBound), .data)
        }
        // Asks further than `range`, as the next call asks for what follows, and asking takes two system calls.
        let foresight = offset..<offset + min(Self.foresight, data.size - offset)
        let asked = held.count < foresight.count ? foresight : held
        guard let found = try data.extent(in: asked, mayWait: mayWait) else { return nil }
        if found.kind == .data { knownData.withLock { $0 = found.range } }
        let part = found.range.clamped(to: held)
        return Extent(
            part.moved(from: offset, to: range.lowerBound), found.kind == .data ? .data : .zero)
    }

    package func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        try Allocation.joined(in: range, partDepth) ?? Allocation(range, depth: 1)
    }

    private func partDepth(of range: Range<UInt64>) throws(ImageError) -> Allocation? {
        guard let run = try map.run(in: range, mayWait: true) else { return nil }
        guard run.content == .unallocated else { return Allocation(run.range, depth: 1) }
        guard let backing else { return Allocation(run.range, depth: 0) }
        // qemu counts the zeroes past the end of a shorter backing file as that file's.
        guard run.range.lowerBound < backing.source.size else { return Allocation(run.range, depth: 2) }
        let held = run.range.lowerBound..<min(run.range.upperBound, backing.source.size)
        var found = try backing.naming { () throws(ImageError) in try backing.source.depth(in: held) }
        if found.depth > 0 { found.depth += 1 }
        return found
    }
}
