import TestSupport
import Testing

@testable import VitrineFormats

/// Compares what a map knows of a layer with a model of one byte of knowledge for each unit of it.
@Suite struct SeekMapTests {
    private static let unit: UInt64 = 512
    private static let units = 200
    private static let size = UInt64(units) * unit

    /// The span that each unit lies in, and true if the unit is known to be zero.
    private struct Model {
        var spans = [SeekSpan?](repeating: nil, count: units)
        var zeroes = [Bool](repeating: false, count: units)
        var runs: [Range<Int>] = []
    }

    private func bytes(_ range: Range<Int>) -> Range<UInt64> {
        UInt64(range.lowerBound) * Self.unit..<UInt64(range.upperBound) * Self.unit
    }

    private func range(_ limit: Int, _ random: inout SeededGenerator) -> Range<Int> {
        let start = Int.random(in: 0..<Self.units, using: &random)
        return start..<min(Self.units, start + Int.random(in: 1...limit, using: &random))
    }

    @Test(arguments: 0..<20) func isWhatTheModelSays(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var map = SeekMap()
        var model = Model()
        for step in 0..<150 {
            if step % 25 == 24 {
                let gone = range(12, &random)
                map.remove(bytes(gone))
                remove(gone, &model)
            } else {
                let new = range(15, &random)
                let half = new.lowerBound + new.count / 2
                let runs = [new.lowerBound..<half, half + 1..<new.upperBound].filter { _ in
                    Bool.random(using: &random)
                }.filter { !$0.isEmpty }
                let span = SeekSpan(
                    range: bytes(new), input: UInt64(step), time: UInt32.random(in: 0...99, using: &random))
                let isFree = model.spans[new].allSatisfy { $0 == nil }
                #expect(map.overlaps(bytes(new)) == !isFree)
                #expect(map.add(span, zeroes: runs.map(bytes)) == isFree)
                if isFree {
                    for index in new { model.spans[index] = span }
                    for run in runs { for index in run { model.zeroes[index] = true } }
                }
            }
            compare(map, model, &random)
        }
    }

    private func remove(_ gone: Range<Int>, _ model: inout Model) {
        let touched = Set(gone.compactMap { model.spans[$0] })
        for span in touched {
            for unit in span.range.lowerBound / Self.unit..<span.range.upperBound / Self.unit {
                model.spans[Int(unit)] = nil
                model.zeroes[Int(unit)] = false
            }
        }
    }

    private func compare(_ map: SeekMap, _ model: Model, _ random: inout SeededGenerator) {
        #expect(map.indexed == UInt64(model.spans.count { $0 != nil }) * Self.unit)
        #expect(map.zeroBytes == UInt64(model.zeroes.count { $0 }) * Self.unit)
        #expect(map.worstTime == model.spans.compactMap { $0?.time }.max() ?? 0)
        for index in 0..<Self.units {
            let offset = UInt64(index) * Self.unit + UInt64.random(in: 0..<Self.unit, using: &random)
            #expect(map.span(at: offset) == model.spans[index])
            let extent = map.extent(at: offset, size: Self.size)
            #expect(extent.range.lowerBound == offset)
            #expect((extent.kind == .zero) == model.zeroes[index])
            // Never longer than what is alike; shorter is allowed.
            let last = Int((extent.range.upperBound - 1) / Self.unit)
            #expect(model.zeroes[index...last].allSatisfy { $0 == model.zeroes[index] })
        }
        let some = range(60, &random)
        let gap = some.first { model.spans[$0] == nil }
        #expect(map.firstGap(in: bytes(some)) == gap.map { UInt64($0) * Self.unit })
        let data = some.last { !model.zeroes[$0] }
        #expect(map.lastData(in: bytes(some)) == data.map { UInt64($0 + 1) * Self.unit - 1 })
        let starts = Set(model.spans.compactMap { $0?.range.lowerBound }.filter(bytes(some).contains))
        #expect(map.starts(in: bytes(some)) == starts)
        compareStart(map, model, some)
    }

    /// Compares the last span before the end of `some` whose ten preceding units are known.
    private func compareStart(_ map: SeekMap, _ model: Model, _ some: Range<Int>) {
        let start = bytes(some).lowerBound
        let end = bytes(some).upperBound - Self.unit
        let reach = 10 * Self.unit
        let expected = Set(model.spans.compactMap(\.self)).filter { span in
            let first = span.range.lowerBound
            guard first >= start, span.range.upperBound <= end else { return false }
            let from = Int((first - min(reach, first - start)) / Self.unit)
            return model.spans[from..<Int(first / Self.unit)].allSatisfy { $0 != nil }
        }.max { $0.range.lowerBound < $1.range.lowerBound }
        #expect(map.lastSpan(before: end, from: start, reach: reach) == expected)
    }

    @Test func knowledgeOutOfOrderIsRefused() {
        func span(_ range: Range<UInt64>) -> SeekSpan { SeekSpan(range: range, input: 0, time: 0) }
        let wrong: [SeekKnowledge] = [
            .init(spans: [span(0..<0)]), .init(spans: [span(0..<10), span(9..<20)]),
            .init(spans: [span(10..<20), span(0..<10)]), .init(spans: [span(0..<101)]),
            .init(spans: [span(0..<100)], zeroes: [5..<5]),
            .init(spans: [span(0..<100)], zeroes: [5..<10, 9..<12]),
            .init(spans: [span(0..<100)], zeroes: [90..<101]),
        ]
        for knowledge in wrong {
            #expect(throws: ImageError.self) { try SeekMap(knowledge, size: 100) }
        }
    }
}
