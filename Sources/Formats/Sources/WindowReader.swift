/// Reads many small structures that lie one behind the other, a window of the source at a time.
struct WindowReader {
    private static let windowSize: UInt64 = 64 << 10

    private let source: any Source
    private var window: [UInt8] = []
    private var start: UInt64 = 0

    init(_ source: any Source) {
        self.source = source
    }

    /// Reads `count` bytes from `offset`. `structure` names them in an error. The caller has bounded `count`.
    mutating func fields(
        _ structure: StaticString, at offset: UInt64, count: Int
    ) throws(ImageError) -> Fields {
        try source.require(structure.description, at: offset, count: UInt64(count))
        if offset < start || offset - start > UInt64(window.count)
            || UInt64(count) > UInt64(window.count) - (offset - start)
        {
            let size = min(max(UInt64(count), Self.windowSize), source.size - offset)
            window = try source.bytes(at: offset, count: Int(size))
            start = offset
        }
        let index = Int(offset - start)
        return Fields(Array(window[index..<index + count]), at: offset)
    }
}
