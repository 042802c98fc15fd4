/// Finds runs of zeroes in data that comes piece by piece.
///
/// Runs start and end at multiples of 4 KiB, or at the ends of the data.
struct ZeroScanner {
    private static let granule: UInt64 = 4 << 10
    /// The shortest run, in bytes, that is worth the memory to remember it.
    private static let minimumRun: UInt64 = 16 << 10

    /// The end of the data scanned so far.
    private var position: UInt64
    /// True if the granule that `position` lies in has had only zeroes so far.
    private var isGranuleZero = true
    /// The start of the zeroes that reach up to that granule.
    private var start: UInt64
    private var runs: [Range<UInt64>] = []

    /// Creates a scanner of data that starts at `offset` of a layer.
    init(at offset: UInt64) {
        position = offset
        start = offset
    }

    /// Scans the next bytes.
    mutating func scan(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { bytes in
            var index = 0
            while index < bytes.count {
                let left = Int(Self.granule - position % Self.granule)
                let end = min(bytes.count, index + left)
                let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[index..<end])
                let isZero = unsafe isGranuleZero && part.areZeroes
                advance(end - index, isZero: isZero)
                index = end
            }
        }
    }

    /// Passes over `count` bytes that are known to be zero.
    mutating func scan(zeroes count: Int) {
        let first = min(count, Int((Self.granule - position % Self.granule) % Self.granule))
        if first > 0 { advance(first, isZero: isGranuleZero) }
        if count > first { advance(count - first, isZero: true) }
    }

    /// Takes bytes up to the end of a granule or of the data, or whole granules of zeroes and a part of one.
    private mutating func advance(_ count: Int, isZero: Bool) {
        if !isZero { close(at: position - position % Self.granule) }
        position += UInt64(count)
        isGranuleZero = isZero || position % Self.granule == 0
        if !isZero { start = position }
    }

    private mutating func close(at end: UInt64) {
        if end > start, end - start >= Self.minimumRun { runs.append(start..<end) }
        start = max(start, end)
    }

    /// Returns the runs in all data scanned so far. The next data is scanned by itself.
    mutating func finish() -> [Range<UInt64>] {
        close(at: position)
        defer { self = ZeroScanner(at: position) }
        return runs
    }
}
