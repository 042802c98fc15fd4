/// Finds the next marker behind a damaged one.
///
/// Data that a guest wrote may look like a marker. If it did not compress, it stands in the file as it is. It is not
/// taken for a marker:
///
/// - Intact data behind the damaged marker is skipped, and so is that of the grain before. Only the rest of damaged
///   data is searched.
/// - There, a marker must start at a sector. Data that was aligned on the disk does not: what precedes it in the stream
///   (the marker, the zlib header, the header of a stored block) is no multiple of a sector.
/// - The marker must be of a grain that was not found yet. Behind it, there must be a whole zlib stream with its
///   checksum, of that size and of a grain's length.
///
/// Whoever can lay out data to pass all of that can write to the disk anyway.
extension GrainScan {
    /// The largest number of bytes decoded to recognise markers: enough for damage in 5,000 places.
    private static let maximumTried: UInt64 = 1 << 30

    /// The number of bytes read at once during a search.
    private static let windowSize: UInt64 = 64 << 10

    /// Finds the next marker after damage to the one at `position`, or to the one at `previous`, which led there.
    /// Returns the offsets of the next marker and of the damaged one. Nil if there is no other marker.
    mutating func resume(
        _ position: UInt64, _ previous: UInt64?
    ) throws(ImageError) -> (next: UInt64, damaged: UInt64)? {
        var damaged = position
        // A wrong length leads anywhere. If a marker happens to be there, the damage goes unnoticed, and what lies
        // between is missing.
        if let previous, try end(of: previous) != position { damaged = previous }
        var start = try end(of: damaged) ?? damaged + 512
        while start < file.size, file.size - start >= 16, tried < Self.maximumTried {
            let extent = try file.extent(in: start..<file.size)
            let zeroes = extent.kind == .data ? 0 : extent.range.upperBound & ~511
            guard zeroes <= start else {
                start = zeroes
                continue
            }
            let bytes = try file.bytes(at: start, count: Int(min(Self.windowSize, file.size - start)))
            for sector in stride(from: 0, through: bytes.count - 16, by: 512)
            where Self.mayBeMarker(bytes, sector) {
                let offset = start + UInt64(sector)
                if try isMarker(offset) { return (offset, damaged) }
            }
            start += Self.windowSize
        }
        return nil
    }

    /// True if a marker may be at `offset` of `bytes`: zlib data (RFC 1950, "Data format") follows, or tables do.
    private static func mayBeMarker(_ bytes: [UInt8], _ offset: Int) -> Bool {
        let (method, flags) = (Int(bytes[offset + 12]), Int(bytes[offset + 13]))
        if method & 0x0F == 8, (method << 8 | flags).isMultiple(of: 31) { return true }
        return bytes[offset + 8..<offset + 12].allSatisfy { $0 == 0 } && (1...2).contains(method)
            && flags == 0
    }

    /// True if there is a marker at `offset` of a grain that was not found yet, or of tables that lead to such grains.
    private mutating func isMarker(_ offset: UInt64) throws(ImageError) -> Bool {
        let marker = try GrainMarker(file, at: offset)
        let tableSize = UInt64(header.entriesPerTable) * 4
        switch marker.kind {
        case .grain:
            guard let number = number(marker), let length = marker.length(header.grainSize) else {
                return false
            }
            let entries = tables[number >> header.layout.l2Bits]?.entries
            let entry = entries.map { UInt64($0[Int(number % UInt64(header.entriesPerTable))]) }
            guard entry == nil || entry == GrainLayout.missing || entry == offset / 512 else { return false }
            let rest = header.capacity - number * header.grainSize
            return try end(of: offset, least: min(rest, header.grainSize), most: length) == offset + length
        case .grainTable:
            guard marker.value == (tableSize + 511) / 512, mayTry(tableSize) else { return false }
            return table(at: offset / 512 + 1) != nil
        case .grainDirectory:
            guard marker.value == directorySectors, mayTry(directorySectors * 512),
                let found = try? GrainDirectory.read(file, header, at: offset / 512 + 1, "directory"),
                let index = found.entries.firstIndex(where: { !header.layout.isEmpty($0) })
            else { return false }
            return table(at: found.entries[index])?.number == UInt64(index)
        case .endOfStream, .footer, .other: return false
        }
    }

    /// The offset of the marker behind the grain at `offset`, by the end of its data. Nil if the data is not a whole
    /// zlib stream in at most `most` bytes, with at least `least` bytes decoded.
    private mutating func end(
        of offset: UInt64, least: UInt64 = 1, most: UInt64 = .max
    ) throws(ImageError) -> UInt64? {
        let start = offset + GrainMarker.size
        guard start < file.size, mayTry(header.grainSize) else { return nil }
        let count = min(most, GrainMarker.maximumData(header.grainSize), file.size - start)
        let bytes = try file.bytes(at: start, count: Int(count))
        var decoded: [UInt8] = []
        guard
            let used = try? DeflateDecoder.decodeZlib(
                bytes, count: Int(header.grainSize), least: Int(least), into: &decoded)
        else { return nil }
        return (start + UInt64(used) + 511) & ~511
    }

    /// True if another `count` bytes may be decoded. Counts them.
    private mutating func mayTry(_ count: UInt64) -> Bool {
        guard tried < Self.maximumTried else { return false }
        tried += max(count, Self.windowSize)
        return true
    }
}
