/// The content of a stream without a grain directory, found by following its markers. Behind a damaged marker, the scan
/// searches for the next one and goes on there.
struct GrainScan: Sendable {
    /// A grain table, made from what was found.
    struct Table: Equatable, Sendable {
        /// The sector of the file where the table was found. 0 if only its grains were.
        var sector: UInt32 = 0
        /// The table's entries. `GrainLayout.missing` stands for a grain that may exist or not.
        var entries: [UInt32]
    }

    /// The largest size in bytes of the grain tables made: enough for 1 TiB in grains of 64 KiB.
    static let maximumTables = 64 << 20

    let file: any Source
    let header: SparseExtentHeader

    /// The tables found, by their numbers.
    private(set) var tables: [UInt64: Table] = [:]

    /// The sector where the grain directory was found. Nil if it was not.
    private(set) var directory: UInt64?

    /// The number of the last grain found.
    private(set) var last: UInt64?

    /// The number of places where the next marker had to be searched for, and the offset of the first in the file.
    private(set) var damageCount: UInt64 = 0
    private(set) var firstDamage: UInt64 = 0

    /// An upper bound of the bytes decoded so far to recognise markers.
    var tried: UInt64 = 0

    /// Starts with nothing found of the stream.
    init(nothingOf file: any Source, _ header: SparseExtentHeader) {
        self.file = file
        self.header = header
    }

    /// Scans the stream in `file`, whose header is `header`.
    ///
    /// Throws `limit` if its grains take too many tables, and the errors of reading.
    init(_ file: any Source, _ header: SparseExtentHeader) throws(ImageError) {
        self.init(nothingOf: file, header)
        guard header.overhead <= file.size / 512 else { return }
        var position = max(header.overhead, 1) * 512
        var previous: UInt64?
        while true {
            if let length = try take(position) {
                previous = position
                position += length
            } else if !isEnd(position, previous), let found = try resume(position, previous) {
                if damageCount == 0 { firstDamage = found.damaged }
                damageCount += 1
                previous = nil
                position = found.next
            } else {
                return
            }
        }
    }

    /// Records what is behind the marker at `position`. Returns the distance to the next marker in bytes. Nil if there
    /// is no valid marker.
    private mutating func take(_ position: UInt64) throws(ImageError) -> UInt64? {
        guard position < file.size, file.size - position >= 16 else { return nil }
        let marker = try GrainMarker(file, at: position)
        guard marker.kind != .endOfStream, let length = marker.length(header.grainSize) else { return nil }
        if case .grain(let size) = marker.kind {
            guard let number = number(marker), GrainMarker.size + UInt64(size) <= file.size - position
            else { return nil }
            try add(number, at: position)
            return length
        }
        guard length <= file.size - position else { return nil }
        switch marker.kind {
        case .grainTable: try addTable(at: position / 512 + 1)
        case .grainDirectory where marker.value >= directorySectors: addDirectory(at: position / 512 + 1)
        // A smaller value is refused: markers in every sector, each with a directory as large as the file, would take
        // hours to read.
        case .grain, .grainDirectory, .endOfStream, .footer, .other: break
        }
        return length
    }

    /// True if the stream ends at `position`, to which the marker at `previous` led: behind its footer. An
    /// end-of-stream marker alone proves nothing, as any lost sector reads as one.
    private func isEnd(_ position: UInt64, _ previous: UInt64?) -> Bool {
        guard let previous, let footer = try? GrainMarker(file, at: previous), footer.kind == .footer
        else { return false }
        return (try? GrainMarker(file, at: position))?.kind == .endOfStream
    }

    /// The number of the grain with `marker`. Nil if no grain can have it.
    func number(_ marker: GrainMarker) -> UInt64? {
        let sectors = header.grainSize / 512
        guard marker.value.isMultiple(of: sectors), marker.value < header.capacity / 512 else { return nil }
        return marker.value / sectors
    }

    /// Records the grain `number`, which starts at `offset` of the file.
    private mutating func add(_ number: UInt64, at offset: UInt64) throws(ImageError) {
        guard offset / 512 < GrainLayout.missing else { return }
        last = number
        let table = number >> header.layout.l2Bits
        if tables[table] == nil {
            try requireRoom()
            let entries = [UInt32](
                repeating: UInt32(GrainLayout.missing), count: Int(header.entriesPerTable))
            tables[table] = Table(entries: entries)
        }
        tables[table]?.entries[Int(number % UInt64(header.entriesPerTable))] = UInt32(offset / 512)
    }

    private func requireRoom() throws(ImageError) {
        // `made` pads each table to whole sectors.
        let size = max(Int(header.entriesPerTable) * 4, 512)
        guard (tables.count + 1) * size <= Self.maximumTables else {
            throw ImageError(
                .limit, "the grains found need more than \(Self.maximumTables) bytes of tables")
        }
    }

    /// The grain table at `sector`, and its number, which follows only from its grains. Nil if there is no table.
    func table(at sector: UInt64) -> (number: UInt64, entries: [UInt32])? {
        let count = Int(header.entriesPerTable) * 4
        guard sector < GrainLayout.missing, let bytes = try? file.bytes(at: sector * 512, count: count)
        else { return nil }
        let entries = bytes.littleEndianHalfWords(count / 4).map { UInt32(truncatingIfNeeded: $0) }
        let layout = header.layout
        guard let index = entries.firstIndex(where: { layout.isGrain(UInt64($0)) }),
            let marker = try? GrainMarker(file, at: UInt64(entries[index]) * 512), case .grain = marker.kind,
            let number = number(marker), number % UInt64(header.entriesPerTable) == UInt64(index)
        else { return nil }
        return (number >> layout.l2Bits, entries)
    }

    /// Records the grain table at `sector`, if it is one. It tells grains that were never written from missing ones.
    mutating func addTable(at sector: UInt64) throws(ImageError) {
        guard let (number, entries) = table(at: sector) else { return }
        if tables[number] == nil { try requireRoom() }
        tables[number] = Table(sector: UInt32(sector), entries: entries)
    }

    /// The number of sectors that the grain directory takes.
    var directorySectors: UInt64 { (header.layout.l1Count(header.capacity) * 4 + 511) / 512 }

    /// Records the grain directory at `sector`, if all its tables are in the file.
    mutating func addDirectory(at sector: UInt64) {
        guard sector != 0, let found = try? GrainDirectory.read(file, header, at: sector, "directory"),
            found.entries.allSatisfy({ header.layout.isInside($0, file) })
        else { return }
        directory = sector
    }

    /// The number of grains of the disk. The last may be shorter.
    private var grainCount: UInt64 { (header.capacity + header.grainSize - 1) / header.grainSize }

    /// A text about the grains found and the damage.
    var summary: String {
        let layout = header.layout
        let count = tables.values.reduce(0) { count, table in
            count + table.entries.count { layout.isGrain(UInt64($0)) && $0 != GrainLayout.missing }
        }
        let place = last.map { ", the last for disk offset \($0 * header.grainSize)" } ?? ""
        let damage =
            switch damageCount {
            case 0: ""
            case 1: ", with damage at \(firstDamage)"
            case 2: ", with damage at \(firstDamage) and in 1 more place"
            default: ", with damage at \(firstDamage) and in \(damageCount - 1) more places"
            }
        return "\(count) of \(grainCount) grains are there\(place)\(damage)"
    }

    /// The tables, in a source of their own, and the directory, for a layout that `isIncomplete`.
    func made() -> (tables: any Source, l1: L1Table) {
        var entries = [UInt64](
            repeating: GrainLayout.missing, count: Int(header.layout.l1Count(header.capacity)))
        // The first sector stays empty, as the entry 0 says that there is no table.
        var bytes = [UInt8](repeating: 0, count: 512)
        for (number, table) in tables.sorted(by: { $0.key < $1.key }) where number < UInt64(entries.count) {
            entries[Int(number)] = UInt64(bytes.count / 512)
            for entry in table.entries { bytes.append(little: entry) }
            bytes += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
        }
        return (MemorySource(bytes), L1Table(offset: 0, entries: entries))
    }
}

// MARK: The seek index

extension GrainScan {
    /// The scan of the stream in `file`, whose header is `header`. Takes it from the seek index, or scans the stream
    /// and stores it there.
    ///
    /// Throws the errors of scanning the stream.
    static func find(
        _ file: any Source, _ header: SparseExtentHeader, _ context: OpenContext
    ) throws(ImageError) -> GrainScan {
        guard header.capacity > 0, header.overhead < file.size / 512,
            let index = context.indexes?.index(
                of: file, .vmdk, depth: context.depth, size: header.capacity)
        else { return try GrainScan(file, header) }
        let span = SeekSpan(range: 0..<header.capacity, input: header.overhead * 512, time: 0)
        if index.knowledge().spans == [span] {
            do throws(ImageError) {
                if let detail = try index.detail(of: span) { return try GrainScan(detail, file, header) }
            } catch {
                index.drop()
            }
        }
        let scan = try GrainScan(file, header)
        _ = index.add(span, detail: scan.packed(level: index.compressionLevel), zeroes: [])
        return scan
    }

    /// The bytes in front of the tables, and the bytes in front of each table's entries.
    private static let (headSize, tableHeadSize) = (32, 8)

    /// The form stored in seek indexes (docs/seek-index.md, "Kind 2"), compressed at `level`, 1 to 19.
    func packed(level: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: directory ?? 0)
        bytes.append(little: last.map { $0 + 1 } ?? 0)
        bytes.append(little: damageCount)
        bytes.append(little: firstDamage)
        for (number, table) in tables.sorted(by: { $0.key < $1.key }) {
            bytes.append(little: UInt32(number))
            bytes.append(little: table.sector)
            // Tables in the file are read from there.
            if table.sector == 0 { for entry in table.entries { bytes.append(little: entry) } }
        }
        var packed: [UInt8] = []
        packed.append(little: UInt32(bytes.count))
        return packed + Zstd.compress(bytes, level: level)
    }

    /// Unpacks a stored scan of the stream in `file`. Nobody vouches for its content: tables and the directory are read
    /// and recognised as in a scan, and what is not a grain fails to decode.
    ///
    /// Throws `corrupt` unless the scan fits the file, and `limit`, before it allocates too much memory.
    init(_ packed: [UInt8], _ file: any Source, _ header: SparseExtentHeader) throws(ImageError) {
        self.init(nothingOf: file, header)
        let count = Int(try Fields(packed, at: 0).little("size", at: 0, as: UInt32.self))
        guard count <= 2 * Self.maximumTables else {
            throw ImageError(.limit, "\(count) bytes of tables are more than are made")
        }
        let bytes = try Zstd.decompress(packed[4...], count: count)
        let (fields, layout) = (Fields(bytes, at: 0), header.layout)
        let sector: UInt64 = try fields.little("directory", at: 0)
        let end: UInt64 = try fields.little("last grain", at: 8)
        guard end <= grainCount else {
            throw ImageError(.corrupt, "grain \(end) of \(grainCount) is the last")
        }
        damageCount = try fields.little("damaged markers", at: 16)
        firstDamage = try fields.little("damaged marker", at: 24)
        guard damageCount <= file.size / 512, firstDamage <= file.size else {
            throw ImageError(
                .corrupt, "\(damageCount) damaged markers, the first at \(firstDamage), do not fit the file")
        }
        if sector != 0 {
            guard sector <= file.size / 512,
                try GrainMarker(file, at: (sector - 1) * 512).kind == .grainDirectory
            else { throw ImageError(.corrupt, "sector \(sector) is no grain directory") }
            addDirectory(at: sector)
            guard directory != nil else {
                throw ImageError(.corrupt, "sector \(sector) is no grain directory")
            }
        }
        var position = Self.headSize
        while position < count {
            let number = UInt64(try fields.little("table", at: position, as: UInt32.self))
            let sector: UInt32 = try fields.little("sector of a table", at: position + 4)
            position += Self.tableHeadSize
            guard number < layout.l1Count(header.capacity), tables[number] == nil else {
                throw ImageError(.corrupt, "table \(number) is not on the disk, or there twice")
            }
            if sector != 0 {
                if UInt64(sector) <= file.size / 512,
                    try GrainMarker(file, at: UInt64(sector - 1) * 512).kind == .grainTable
                {
                    try addTable(at: UInt64(sector))
                }
                guard tables[number]?.sector == sector else {
                    throw ImageError(.corrupt, "sector \(sector) is no grain table, or not number \(number)")
                }
                continue
            }
            try requireRoom()
            let size = Int(header.entriesPerTable) * 4
            let words = try fields.slice("entries", at: position, count: size).littleEndianHalfWords(size / 4)
            // Only a table in the file can tell that a grain was never written, so an entry for that is invalid here.
            guard
                words.allSatisfy({
                    layout.isGrain($0) && ($0 == GrainLayout.missing || $0 < file.size / 512 + 1)
                })
            else {
                throw ImageError(.corrupt, "an entry of table \(number) lies outside of the file")
            }
            tables[number] = Table(entries: words.map { UInt32(truncatingIfNeeded: $0) })
            position += size
        }
        last = end == 0 ? nil : end - 1
    }
}
