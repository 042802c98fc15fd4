/// A stream of compressed grains, each behind a marker. Its footer locates its tables, or else its header.
struct GrainStream {
    /// The distance in bytes from the end of a file within which its footer is searched for: people append to files,
    /// and pad them.
    private static let footerReach: UInt64 = 1 << 20

    let file: any Source
    let header: SparseExtentHeader

    // MARK: The footer

    /// The footer, which locates the grain directory. Nil if there is none.
    func footer() throws(ImageError) -> SparseExtentHeader? {
        guard file.size >= 2 * 512 else { return nil }
        // Its proper place is in front of the end-of-stream marker.
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

    // MARK: What is missing

    /// True if the file ends with the end-of-stream marker.
    private func isEnded() throws(ImageError) -> Bool {
        // Data in front of the grains may look like that marker.
        guard file.size / 512 > header.overhead else { return false }
        let marker = try GrainMarker(file, at: (file.size / 512 - 1) * 512)
        return marker.kind == .endOfStream && marker.value == 0
    }

    /// A text about the tables or grains that `directory` leads to and that lie past the end of the file. Nil if none
    /// do.
    ///
    /// A stream that has its end has its grains. Otherwise, the tables tell which grains there should be. `looksForEnd`
    /// is false if reading the end of the file costs more than reading the tables.
    func missing(_ directory: L1Table, looksForEnd: Bool) throws(ImageError) -> String? {
        let layout = header.layout
        // Sorted by offset below; each offset is used once.
        var tables: [(offset: UInt64, number: Int)] = []
        var outside = 0
        for (number, entry) in directory.entries.enumerated() {
            guard !layout.isEmpty(entry) else { continue }
            if layout.isInside(entry, file) { tables.append((entry * 512, number)) } else { outside += 1 }
        }
        guard outside == 0 else {
            return "\(outside) of \(directory.entries.count) grain tables lie past the end of the file at "
                + "\(file.size)"
        }
        if looksForEnd, try isEnded() { return nil }
        tables.sort { $0 < $1 }
        let (size, capacity) = (file.size, header.capacity)
        var reader = WindowReader(file)
        var named = 0
        var missing = (count: 0, first: UInt64.max)
        var last = (offset: UInt64(0), number: UInt64(0))
        for (index, table) in tables.enumerated() where index == 0 || tables[index - 1].offset < table.offset
        {
            let fields = try reader.fields("grain table", at: table.offset, count: 1 << Int(layout.tableBits))
            for (index, entry) in layout.word.words(fields.bytes).enumerated() where layout.isGrain(entry) {
                let number = UInt64(table.number) << layout.l2Bits + UInt64(index)
                guard number << layout.clusterBits < capacity else { break }
                named += 1
                if entry * 512 >= size {
                    missing = (missing.count + 1, min(missing.first, number))
                } else if entry * 512 > last.offset {
                    last = (entry * 512, number)
                }
            }
        }
        // The last one that starts before the end of the file may be truncated.
        if named > missing.count, try !isWhole(last.offset) {
            missing = (missing.count + 1, min(missing.first, last.number))
        }
        guard missing.count > 0 else { return nil }
        return "\(missing.count) of the \(named) grains that its tables name lie past the end of the file at "
            + "\(file.size), the first for disk offset \(missing.first << layout.clusterBits)"
    }

    /// True unless the file ends inside the grain at `offset`; also if there is no grain.
    private func isWhole(_ offset: UInt64) throws(ImageError) -> Bool {
        guard file.size - offset >= 16 else { return false }
        guard case .grain(let size) = try GrainMarker(file, at: offset).kind else { return true }
        return GrainMarker.size + UInt64(size) <= file.size - offset
    }
}
