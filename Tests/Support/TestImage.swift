package import VitrineFormats

/// An image without a file, whose spans are known in every process of a test.
package enum TestImage {
    /// The number of spans.
    package static let spans = 64

    /// The length in bytes of its layer's content.
    package static let size = UInt64(spans) << 20

    /// The file from which its layer is decoded.
    package static let file = MemorySource([UInt8](repeating: 7, count: 100_000))

    /// Span `number`, which is 1 MiB long.
    package static func span(_ number: Int) -> SeekSpan {
        SeekSpan(
            range: UInt64(number) << 20..<UInt64(number + 1) << 20, input: UInt64(number * 1000),
            time: UInt32(number + 1))
    }

    /// The detail of span `number`.
    package static func detail(_ number: Int) -> [UInt8] {
        (0..<200 + number).map { UInt8(truncatingIfNeeded: $0 &* number &+ $0 >> 3) }
    }

    /// The runs of zeroes in span `number`: at the start of each span, and in every fourth at the end, too.
    package static func zeroes(_ number: Int) -> [Range<UInt64>] {
        let start = span(number).range.lowerBound
        let end = span(number).range.upperBound
        return [start..<start + 65_536] + (number % 4 == 0 ? [end - 131_072..<end] : [])
    }

    /// Adds span `number` to `index`.
    package static func add(_ number: Int, to index: any SeekIndex) {
        _ = index.add(span(number), detail: detail(number), zeroes: zeroes(number))
    }

    /// The numbers of the spans that `index` knows.
    ///
    /// Throws if a span, its detail or its zeroes are wrong.
    package static func numbers(in index: any SeekIndex) throws -> [Int] {
        let knowledge = index.knowledge()
        var runs: [Range<UInt64>] = []
        let numbers = try knowledge.spans.map { found in
            let number = Int(found.range.lowerBound >> 20)
            guard found == span(number) else { throw TestFailure("there is no span \(found)") }
            guard try index.detail(of: found) == detail(number) else {
                throw TestFailure("the detail of span \(number) is wrong")
            }
            for run in zeroes(number) {
                if let last = runs.last, last.upperBound == run.lowerBound {
                    runs[runs.count - 1] = last.lowerBound..<run.upperBound
                } else {
                    runs.append(run)
                }
            }
            return number
        }
        guard knowledge.zeroes == runs else {
            throw TestFailure("zeroes are \(knowledge.zeroes), expected \(runs)")
        }
        return numbers
    }
}
