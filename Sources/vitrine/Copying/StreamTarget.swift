import Glibc

/// Standard output, or another file that takes bytes only one after the other.
final class StreamTarget: CopyTarget {
    private let file: WritableFile
    private static let zeroes = [UInt8](repeating: 0, count: 256 << 10)

    let isInOrder = true
    let zeroGranularity: Int? = nil

    /// Writes to `file` from its current offset.
    init(_ file: WritableFile) {
        self.file = file
    }

    func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: UInt64) throws(CommandError) {
        try file.write(bytes, range, at: nil)
    }

    func writeZeroes(_ range: Range<UInt64>) throws(CommandError) {
        var left = range.upperBound - range.lowerBound
        while left > 0 {
            let count = Int(min(left, UInt64(Self.zeroes.count)))
            try file.write(Self.zeroes, 0..<count, at: nil)
            left -= UInt64(count)
        }
    }

    func finish() throws(CommandError) {}

    func abandon() {}
}
