import Glibc

/// Tells the zeroes in a buffer from the data.
enum ZeroRuns {
    /// A run of a buffer that is all zeroes, or is taken for data.
    struct Run: Equatable {
        /// The indices in the buffer.
        var range: Range<Int>
        var isZero: Bool
    }

    private static let zeroes = [UInt8](repeating: 0, count: 64 << 10)

    /// Divides the first `count` bytes of `bytes`, which lie at `offset` of the disk, into runs of zeroes and of data in turn.
    ///
    /// Runs meet at multiples of `granularity` bytes on the disk. That is a power of 2, 64 KiB at most.
    static func find(in bytes: [UInt8], count: Int, at offset: UInt64, granularity: Int) -> [Run] {
        var runs: [Run] = []
        var start = 0
        while start < count {
            let inBlock = Int((offset + UInt64(start)) & UInt64(granularity - 1))
            let end = min(count, start + granularity - inBlock)
            let isZero = isZero(bytes, start..<end)
            if let last = runs.last, last.isZero == isZero {
                runs[runs.count - 1].range = last.range.lowerBound..<end
            } else {
                runs.append(Run(range: start..<end, isZero: isZero))
            }
            start = end
        }
        return runs
    }

    /// True if all bytes at the indices `range`, 64 KiB at most, are zero.
    private static func isZero(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe zeroes.withUnsafeBufferPointer { zeroes in
                // Both calls of `extracting` check that the range lies inside.
                let (bytes, zeroes) = (bytes.extracting(range), zeroes.extracting(..<range.count))
                guard let bytes = bytes.baseAddress, let zeroes = zeroes.baseAddress else { return true }
                return unsafe memcmp(bytes, zeroes, range.count) == 0
            }
        }
    }
}
