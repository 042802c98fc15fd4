import Synchronization
import VitrineFormats

/// An index of grains of which the input says what it holds; where that is nothing, what a scan has found is kept.
final class InputIndexes: SeekIndexes {
    /// What is in the frame of its detail.
    fileprivate let given: [UInt8]?
    fileprivate let kept = Mutex<[UInt8]>([])

    /// What a scan has found, as it would be in the frame.
    var found: [UInt8] {
        let packed = kept.withLock { $0 }
        guard let count: UInt32 = try? Fields(packed, at: 0).little("size", at: 0) else { return [] }
        return (try? Zstd.decompress(packed[4...], count: Int(count))) ?? []
    }

    /// One that holds what is `given`.
    init(_ given: [UInt8]?) {
        self.given = given
    }

    func index(
        of file: any Source, _ kind: SeekKind, depth: Int, size: UInt64?,
        digest: () throws(ImageError) -> [UInt8]
    ) -> (any SeekIndex)? {
        guard let head = try? Fields("header", of: file, at: 0, count: 512),
            let overhead: UInt64 = try? head.little("overHead", at: 64)
        else { return nil }
        return InputIndex(SeekSpan(range: 0..<(size ?? 0), input: overhead * 512, time: 0), self)
    }
}

/// The index of one stream, of one span.
private final class InputIndex: SeekIndex {
    let compressionLevel: Int32 = 1
    private let span: SeekSpan
    private let indexes: InputIndexes

    init(_ span: SeekSpan, _ indexes: InputIndexes) {
        self.span = span
        self.indexes = indexes
    }

    func knowledge() -> SeekKnowledge { SeekKnowledge(spans: indexes.given == nil ? [] : [span]) }

    func detail(of span: SeekSpan) -> [UInt8]? {
        let content = indexes.given ?? []
        return (0..<4).map { UInt8(truncatingIfNeeded: content.count >> ($0 * 8)) }
            + Zstd.compress(content, level: compressionLevel)
    }

    func add(_ span: SeekSpan, detail: [UInt8], zeroes: [Range<UInt64>]) -> Bool {
        indexes.kept.withLock { $0 = detail }
        return true
    }

    func remove(_ range: Range<UInt64>) {}
    func drop() {}
}
