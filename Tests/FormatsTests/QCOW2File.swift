import VitrineFormats

/// A small qcow2 image, built byte by byte: a header, an L1 table in cluster 1, an L2 table in cluster 2, then appended
/// data.
struct QCOW2File {
    private(set) var bytes: [UInt8]
    let clusterSize: Int
    private let entrySize: Int

    /// Creates an image of a disk of `size` bytes.
    init(
        version: UInt32 = 3, clusterBits: UInt32 = 16, size: UInt64 = 1 << 20, l1Count: UInt32 = 1,
        incompatible: UInt64 = 0, compression: UInt8 = 0
    ) {
        clusterSize = 1 << Int(clusterBits)
        entrySize = incompatible & 1 << 4 != 0 ? 16 : 8
        bytes = [UInt8](repeating: 0, count: 3 * clusterSize)
        put([0x51, 0x46, 0x49, 0xFB], at: 0)
        put(version, at: 4)
        put(clusterBits, at: 20)
        put(size, at: 24)
        put(l1Count, at: 36)
        put(UInt64(clusterSize), at: 40)
        if version >= 3 {
            put(incompatible | (compression != 0 ? 8 : 0), at: 72)
            put(UInt32(4), at: 96)
            put(UInt32(112), at: 100)
            bytes[104] = compression
        }
        put(UInt64(2 * clusterSize) | 1 << 63, at: clusterSize)
    }

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        let shifts = stride(from: value.bitWidth - 8, through: 0, by: -8)
        put(shifts.map { UInt8(truncatingIfNeeded: value >> $0) }, at: offset)
    }

    mutating func put(_ new: [UInt8], at offset: Int) {
        while bytes.count < offset + new.count { bytes.append(0) }
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    /// Sets the L2 entry of cluster `number`.
    mutating func setEntry(_ number: Int, _ entry: UInt64, bitmap: UInt64? = nil) {
        put(entry, at: 2 * clusterSize + number * entrySize)
        if let bitmap { put(bitmap, at: 2 * clusterSize + number * entrySize + 8) }
    }

    /// Appends `data`, and makes it cluster `number`, compressed.
    mutating func addCompressed(_ number: Int, _ data: [UInt8]) {
        let clusterBits = clusterSize.trailingZeroBitCount
        let offset = bytes.count
        bytes += data
        let sectors = (offset % 512 + data.count + 511) / 512 - 1
        setEntry(number, 1 << 62 | UInt64(sectors) << UInt64(62 - (clusterBits - 8)) | UInt64(offset))
    }

    /// Appends `data`, padded to start at a cluster, and makes it cluster `number`. Returns its offset.
    @discardableResult
    mutating func addData(_ number: Int, _ data: [UInt8], bitmap: UInt64? = nil) -> Int {
        while bytes.count % clusterSize != 0 { bytes.append(0) }
        let offset = bytes.count
        bytes += data
        setEntry(number, UInt64(offset) | 1 << 63, bitmap: bitmap)
        return offset
    }

    /// Puts a header extension at `offset`, and advances `offset` to the place of the next.
    mutating func addExtension(_ type: UInt32, _ data: [UInt8], at offset: inout Int) {
        put(type, at: offset)
        put(UInt32(data.count), at: offset + 4)
        put(data, at: offset + 8)
        offset += 8 + (data.count + 7) / 8 * 8
    }

    mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// Opens the image.
    func open(_ references: any References = RefusedReferences()) throws(ImageError) -> Image {
        try Image(
            "disk.qcow2", MemorySource(bytes),
            OpenOptions(engine: Engine(memory: Engine.minimumMemory, threads: 2)),
            references: references)
    }

    /// Describes the image.
    func inspect() throws(ImageError) -> ImageDescription {
        try ImageDescription("disk.qcow2", MemorySource(bytes), OpenOptions())
    }
}
