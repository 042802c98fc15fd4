/// Where a stream goes on behind a damaged marker.
///
/// What a guest wrote may look like a marker, and is in the file as it is where it did not compress. It is not taken for one:
///
/// - Data behind the damaged marker that is still whole is passed over, and so is that of the grain before. So only the rest of data that is
///   damaged, too, is searched.
/// - There a marker must be at the start of a sector, where data that was aligned on the disk is not: what is in front of
///   it in the stream (the marker, the zlib header, the header of a stored block) is no multiple of a sector.
/// - It must be of a grain that was not found yet, and what follows it a whole zlib stream, with its checksum, of that size and of a
///   grain's length.
///
/// Who lays out data to pass all of that writes to the disk anyway.
extension GrainScan {
    /// How many bytes are decoded at most to find out what is a marker: enough for damage in 5,000 places.
    private static let maximumTried: UInt64 = 1 << 30

    /// How much is read at once to search through it.
    private static let windowSize: UInt64 = 64 << 10

    /// Where the next marker is, where that at `position` is damaged or that at `previous`, which led there, and which of these it is; nil
    /// where there is none.
    mutating func resume(
        _ position: UInt64, _ previous: UInt64?
    ) throws(ImageError) -> (next: UInt64, damaged: UInt64)? {
        var damaged = position
        // A length that is wrong leads anywhere. Where it leads to a marker, nobody notices: what lies between is missing.
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

    /// Whether a marker may be at `offset` of `bytes`: zlib data (RFC 1950, "Data format") behind it, or tables.
    private static func mayBeMarker(_ bytes: [UInt8], _ offset: Int) -> Bool {
        let (method, flags) = (Int(bytes[offset + 12]), Int(bytes[offset + 13]))
        if method & 0x0F == 8, (method << 8 | flags).isMultiple(of: 31) { return true }
        return bytes[offset + 8..<offset + 12].allSatisfy { $0 == 0 } && (1...2).contains(method)
            && flags == 0
    }

    /// Whether a marker is at `offset`, of a grain that was not found yet, or of tables that lead to such.
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

    /// Where the marker behind the grain at `offset` is, by its data; nil where that is no whole zlib data of `least` bytes, in
    /// no more than `most`.
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

    /// Whether another `count` bytes may be decoded.
    private mutating func mayTry(_ count: UInt64) -> Bool {
        guard tried < Self.maximumTried else { return false }
        tried += max(count, Self.windowSize)
        return true
    }
}
