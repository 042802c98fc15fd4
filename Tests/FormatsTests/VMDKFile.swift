import VitrineFormats

/// A small sparse extent, built byte by byte: grains of 4 KiB behind a header, and tables that a test adds.
struct VMDKFile {
    static let grainSize = 4096
    private(set) var bytes: [UInt8]
    private(set) var table: [UInt32]

    /// Creates an extent of `grains` grains. The last one lacks `missing` sectors. Appended data starts in
    /// `firstSector`.
    init(
        grains: Int = 16, missing: Int = 0, version: UInt32 = 1, flags: UInt32 = 3, compressed: Bool = false,
        firstSector: Int = 8
    ) {
        bytes = [UInt8](repeating: 0, count: firstSector * 512)
        table = [UInt32](repeating: 0, count: (grains + 511) / 512 * 512)
        put(Array("KDMV".utf8), at: 0)
        put(version, at: 4)
        put(flags, at: 8)
        put(UInt64(grains * 8 - missing), at: 12)
        put(UInt64(8), at: 20)
        put(UInt32(512), at: 44)
        put(UInt64(firstSector), at: 64)
        put([0x0A, 0x20, 0x0D, 0x0A], at: 73)
        put(UInt16(compressed ? 1 : 0), at: 77)
    }

    var sectors: Int { bytes.count / 512 }

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        let shifts = stride(from: 0, to: value.bitWidth, by: 8)
        put(shifts.map { UInt8(truncatingIfNeeded: value >> $0) }, at: offset)
    }

    mutating func put(_ new: [UInt8], at offset: Int) {
        while bytes.count < offset + new.count { bytes.append(0) }
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    mutating func pad() { while bytes.count % 512 != 0 { bytes.append(0) } }

    mutating func append(_ new: [UInt8]) {
        bytes += new
        pad()
    }

    /// Sets the entry of grain `number`.
    mutating func setEntry(_ number: Int, _ entry: UInt32) { table[number] = entry }

    /// Appends `data` as grain `number`.
    mutating func addGrain(_ number: Int, _ data: [UInt8]) {
        table[number] = UInt32(sectors)
        append(data)
    }

    /// Appends the zlib data `data` behind the marker of grain `number`.
    mutating func addCompressed(_ number: Int, _ data: [UInt8]) {
        table[number] = UInt32(sectors)
        var record: [UInt8] = []
        for shift in stride(from: 0, to: 64, by: 8) { record.append(UInt8((number * 8) >> shift & 0xFF)) }
        for shift in stride(from: 0, to: 32, by: 8) { record.append(UInt8(data.count >> shift & 0xFF)) }
        append(record + data)
    }

    /// Appends a marker of `type`, with `sectors` behind it.
    mutating func addMarker(_ type: UInt8, sectors: UInt8) {
        var marker = [UInt8](repeating: 0, count: 512)
        (marker[0], marker[12]) = (sectors, type)
        append(marker)
    }

    /// Appends grain table `number`. Returns its sector.
    mutating func addTable(_ number: Int = 0, marked: Bool = false) -> UInt32 {
        if marked { addMarker(1, sectors: 4) }
        let sector = UInt32(sectors)
        let entries = table[number * 512..<number * 512 + 512]
        append(entries.flatMap { entry in (0..<4).map { UInt8(truncatingIfNeeded: entry >> ($0 * 8)) } })
        return sector
    }

    /// Appends a grain directory that names the tables at `tables`. Returns its sector.
    mutating func addDirectory(_ tables: UInt32..., marked: Bool = false) -> UInt64 {
        if marked { addMarker(2, sectors: 1) }
        let sector = UInt64(sectors)
        append(tables.flatMap { table in (0..<4).map { UInt8(truncatingIfNeeded: table >> ($0 * 8)) } })
        return sector
    }

    /// Appends a footer that names the directory at `directory`, and the end of the stream.
    mutating func addFooter(_ directory: UInt64) {
        addMarker(3, sectors: 1)
        var footer = Array(bytes[..<512])
        for index in 0..<8 { footer[56 + index] = UInt8(truncatingIfNeeded: directory >> UInt64(index * 8)) }
        append(footer)
        addMarker(0, sectors: 0)
    }

    /// A copy with its tables behind the data, both named by the header.
    func finished() -> VMDKFile {
        var file = self
        let table = file.addTable()
        file.put(file.addDirectory(table), at: 56)
        return file
    }

    mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// Opens the extent.
    func open(recovers: Bool = false) throws(ImageError) -> Image {
        var options = OpenOptions(engine: Engine(memory: Engine.minimumMemory, threads: 2))
        options.formatOptions.recovers = recovers
        return try Image("disk.vmdk", MemorySource(bytes), options)
    }
}
