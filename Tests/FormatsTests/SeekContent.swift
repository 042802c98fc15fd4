import CLZMA
import TestSupport

@testable import VitrineFormats

/// Contents for tests of seeking, and .xz files of them in which small spans are found.
enum SeekContent {
    /// Noise, text, zeroes, and copies of data far back, in runs of odd lengths: each span reads a different part of
    /// its window.
    static func mixed(_ count: Int, seed: UInt64 = 11) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let length = min(Int.random(in: 1...60_000, using: &random), count - bytes.count)
            switch Int.random(in: 0..<8, using: &random) {
            case 0...1:
                for _ in 0..<length { bytes.append(UInt8.random(in: 0...255, using: &random)) }
            case 2...3:
                let step = Int.random(in: 3...9, using: &random)
                for index in 0..<length { bytes.append(UInt8(index / step % 61 + 32)) }
            case 4:
                bytes += repeatElement(0, count: length * 2)
            default:
                guard bytes.count > 1 else { continue }
                let start = Int.random(in: 0..<bytes.count, using: &random)
                bytes += Array(bytes[start..<min(bytes.count, start + length)])
            }
        }
        return Array(bytes[..<count])
    }

    /// 2 ms by the model: some 70 KB of compressed data, about two chunks.
    static let spanCost: UInt64 = 2_000_000

    /// Opens the .xz `file`, with short spans.
    static func open(_ file: [UInt8], _ index: FakeIndex, _ engine: Engine) throws -> SeekableSource {
        try SeekableSource(xz: MemorySource(file), engine, spanCost: spanCost, index: index)
    }

    /// All spans of `file`.
    static func entries(of file: [UInt8]) throws -> [FakeIndex.Entry] {
        let index = FakeIndex()
        let source = try open(file, index, Engine(memory: 16 << 20, threads: 2))
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        return index.entries
    }
}

extension SeekableSource {
    /// Opens the .xz file in `base`. Checks its whole structure, but decodes no block.
    ///
    /// Decoding one span should take `spanCost` nanoseconds. `index` keeps what is learned of the file.
    convenience init(
        xz base: any Source, _ engine: Engine, spanCost: UInt64? = nil, index: (any SeekIndex)? = nil
    ) throws(ImageError) {
        let container = try XZContainer(of: base)
        self.init(XZScheme(base, container, spanCost: spanCost ?? XZScheme.cost.span), engine, index)
    }
}
