/// A stream of compressed grains, each behind a marker: read from its end, or from its start where it is cut short.
struct GrainStream {
    /// How far from the end of a file its footer is looked for, in bytes: people append things, and pad files.
    private static let footerReach: UInt64 = 1 << 20

    /// How many bytes of grain tables are made at most for a stream that is cut short: enough for 1 TiB.
    private static let maximumTables = 64 << 20

    let file: any Source
    let header: SparseExtentHeader

    // MARK: The footer

    /// The footer, which has the grain directory's place; nil where there is none.
    func footer() throws(ImageError) -> SparseExtentHeader? {
        guard file.size >= 2 * 512 else { return nil }
        // Where it belongs: in front of the end-of-stream marker.
        if let footer = try? SparseExtentHeader(file, at: file.size - 1024), isMine(footer) { return footer }
        var end = file.size / 512 * 512
        let limit = end - min(end, Self.footerReach)
        while end > limit {
            let start = max(limit, end - min(end, 64 << 10))
            let bytes = try file.bytes(at: start, count: Int(end - start))
            for sector in stride(from: bytes.count - 512, through: 0, by: -512)
            where bytes[sector..<sector + 4].elementsEqual(SparseExtentHeader.magic) {
                let offset = start + UInt64(sector)
                guard offset >= 512, let marker = try? GrainMarker(file, at: offset - 512),
                    marker.kind == .footer,
                    let footer = try? SparseExtentHeader(file, at: offset), isMine(footer)
                else { continue }
                return footer
            }
            end = start
        }
        return nil
    }

    private func isMine(_ footer: SparseExtentHeader) -> Bool {
        footer.directory != SparseExtentHeader.atEnd && footer.capacity == header.capacity
            && footer.grainSize == header.grainSize && footer.entriesPerTable == header.entriesPerTable
            && footer.isCompressed == header.isCompressed
    }

    // MARK: What there is

    /// Calls `body` with each grain that is there as a whole, its number and where it starts, in the order of the file; true where the
    /// end of the stream is there too.
    func forEachGrain(_ body: (UInt64, UInt64) throws(ImageError) -> Void) throws(ImageError) -> Bool {
        guard header.overhead > 0, header.overhead <= file.size / 512 else { return false }
        let perGrain = header.grainSize / 512
        var position = header.overhead * 512
        while position < file.size, file.size - position >= 16 {
            let marker = try GrainMarker(file, at: position)
            if marker.kind == .endOfStream { return true }
            guard let length = marker.length(header.grainSize) else { return false }
            if case .grain(let size) = marker.kind {
                guard marker.value.isMultiple(of: perGrain), marker.value < header.capacity / 512,
                    GrainMarker.size + UInt64(size) <= file.size - position
                else { return false }
                try body(marker.value / perGrain, position)
            }
            guard length <= file.size - position else { return false }
            position += length
        }
        return false
    }

    /// Why a stream that has no directory is not read: with how much of it is there.
    func incomplete(_ reason: String) throws(ImageError) -> ImageError {
        let found = try summary()
        return ImageError(
            .corrupt, "\(reason): the stream is cut short, and \(found) are there; --recover serves these")
    }

    /// How much is there.
    private func summary() throws(ImageError) -> String {
        var count: UInt64 = 0
        _ = try forEachGrain { (_, _) throws(ImageError) in count += 1 }
        return Self.text(count, header)
    }

    private static func text(_ count: UInt64, _ header: SparseExtentHeader) -> String {
        let total = header.capacity / header.grainSize + (header.capacity % header.grainSize == 0 ? 0 : 1)
        return "\(count) of \(total) grains"
    }

    /// Tables of the grains that are there, in a source of their own, and a warning that says how many these are.
    func recovered() throws(ImageError) -> (tables: any Source, l1: L1Table, warning: String) {
        let perTable = UInt64(header.entriesPerTable)
        var tables: [UInt64: [UInt32]] = [:]
        var count: UInt64 = 0
        _ = try forEachGrain { (number, offset) throws(ImageError) in
            guard offset / 512 <= UInt64(UInt32.max) else { return }
            let table = number / perTable
            if tables[table] == nil {
                guard (tables.count + 1) * Int(perTable) * 4 <= Self.maximumTables else {
                    throw ImageError(.limit, "the grains that are there take more tables than are made")
                }
                tables[table] = [UInt32](repeating: 0, count: Int(perTable))
            }
            if tables[table]?[Int(number % perTable)] == 0 { count += 1 }
            tables[table]?[Int(number % perTable)] = UInt32(offset / 512)
        }
        var entries = [UInt64](repeating: 0, count: Int(header.layout.l1Count(header.capacity)))
        // The first sector stays empty, as 0 says that there is no table.
        var bytes = [UInt8](repeating: 0, count: 512)
        for (number, table) in tables.sorted(by: { $0.key < $1.key }) where number < UInt64(entries.count) {
            entries[Int(number)] = UInt64(bytes.count / 512)
            for entry in table { bytes.append(little: entry) }
            bytes += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
        }
        return (
            MemorySource(bytes), L1Table(offset: 0, entries: entries),
            "the stream is cut short: \(Self.text(count, header)) are there, and reading anything else fails"
        )
    }
}
