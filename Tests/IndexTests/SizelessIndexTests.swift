import FoundationEssentials
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineIndex

/// Indexes of layers that do not tell their size: the last span ends where what is known of the layer does.
@Suite struct SizelessIndexTests {
    private static let subject = IndexSubject(
        kind: SeekKind.gzip.number, fingerprint: .none, inputSize: TestImage.file.size, size: nil)

    private func place(_ folder: URL) -> IndexLocation {
        IndexLocation(
            in: IndexCache(path: SystemString(folder.path + "/cache")), Self.subject.fingerprint, stamp: nil)
    }

    private func open(_ folder: URL, _ subject: IndexSubject = subject) throws -> StoredIndex {
        let place = place(folder)
        let stored = try place.load().flatMap { $0.index.subject == subject ? $0 : nil }
        return StoredIndex(subject, name: "disk.raw.gz", place: place, stored: stored) {
            Issue.record("\($0)")
        }
    }

    @Test func isSavedAndLoaded() throws {
        try withTemporaryFolder { folder in
            let index = try open(folder)
            for number in [2, 0, 1] { TestImage.add(number, to: index) }
            // Anywhere at all, as the layer may be that long.
            let far = SeekSpan(range: 1 << 50..<(1 << 50) + 7, input: 99_999, time: 3)
            #expect(index.add(far, detail: [1, 2], zeroes: []))
            #expect(!index.add(SeekSpan(range: 7..<7, input: 1, time: 1), detail: [], zeroes: []))
            #expect(
                !index.add(
                    SeekSpan(range: 1 << 51..<1 << 52, input: TestImage.file.size, time: 1), detail: [],
                    zeroes: []))
            try index.save()
            let path = try #require(index.file).path
            let bytes = try Array(Data(contentsOf: URL(filePath: path)))
            #expect(bytes[16..<20].elementsEqual([3, 0, 0, 0]))
            #expect(bytes[80..<88].allSatisfy { $0 == 0xFF })
            let loaded = try #require(try place(folder).load()).index
            #expect(loaded.subject == Self.subject)
            #expect(loaded.subject.size == nil)
            #expect(loaded.records.map(\.span) == (0..<3).map(TestImage.span) + [far])
            let again = try open(folder)
            again.remove(far.range)
            #expect(try TestImage.numbers(in: again) == [0, 1, 2])
        }
    }

    @Test func whatAnotherSavedMeanwhileIsTakenOver() throws {
        try withTemporaryFolder { folder in
            let one = try open(folder)
            let two = try open(folder)
            for number in [0, 1, 10] { TestImage.add(number, to: one) }
            for number in [1, 2, 60] { TestImage.add(number, to: two) }
            try one.save()
            try two.save()
            #expect(try TestImage.numbers(in: open(folder)) == [0, 1, 2, 10, 60])
        }
    }

    /// One of the two is wrong about the layer, whichever.
    @Test func isNotTakenForOneOfAKnownSize() throws {
        try withTemporaryFolder { folder in
            var sized = Self.subject
            sized.size = TestImage.size
            #expect(sized != Self.subject)
            for (first, second) in [(Self.subject, sized), (sized, Self.subject)] {
                let one = try open(folder, first)
                TestImage.add(1, to: one)
                try one.save()
                let two = try open(folder, second)
                #expect(try TestImage.numbers(in: two) == [])
                TestImage.add(2, to: two)
                try two.save()
                #expect(try TestImage.numbers(in: open(folder, second)) == [2])
            }
        }
    }

    @Test func isFoundByItsFingerprint() throws {
        try withTemporaryFolder { folder in
            let warnings = Warnings()
            let finder = IndexFinder(
                .cache, in: IndexCache(path: SystemString(folder.path + "/cache")), warn: warnings.add)
            for expected in [[], [4]] {
                let found = finder.forImage(called: "disk.gz")
                    .index(of: TestImage.file, .gzip, depth: 0, size: nil)
                let index = try #require(found as? StoredIndex)
                #expect(index.subject.size == nil)
                #expect(try TestImage.numbers(in: index) == expected)
                TestImage.add(4, to: index)
                try index.save()
            }
            // The same bytes as another format are another layer.
            let other = finder.forImage(called: "disk.xz")
                .index(of: TestImage.file, .xz, depth: 0, size: TestImage.size)
            #expect(try TestImage.numbers(in: #require(other)) == [])
            #expect(warnings.all == [])
        }
    }

    @Test func isListedWithWhatIsKnownOfIt() throws {
        try withTemporaryFolder { folder in
            let cache = IndexCache(path: SystemString(folder.path + "/cache"))
            let index = try open(folder)
            for number in [0, 1, 5] { TestImage.add(number, to: index) }
            try index.save()
            #expect(
                try cache.entries().map(\.summary) == [
                    IndexCache.Summary(name: "disk.raw.gz", layerSize: nil, indexed: 3 << 20, spans: 3)
                ])
            for number in 0..<3 { index.remove(TestImage.span([0, 1, 5][number]).range) }
            try index.save()
            #expect(
                try cache.entries().map(\.summary) == [
                    IndexCache.Summary(name: "disk.raw.gz", layerSize: nil, indexed: 0, spans: 0)
                ])
        }
    }

    @Test func spansOfAForgedIndexMayLieAnywhere() throws {
        var forged = ForgedIndex()
        forged.subject.kind = SeekKind.gzip.number
        forged.subject.size = nil
        forged.records[1].end = UInt64(Int64.max)
        let index = try IndexFile(MemorySource(forged.bytes))
        #expect(index.records.map(\.span.range) == [0..<1000, 2000..<UInt64(Int64.max)])
        // All but the place in the file, whose size is known.
        forged.records[1].input = 100_000
        let error = #expect(throws: ImageError.self) { try IndexFile(MemorySource(forged.bytes)) }
        #expect(
            error?.description
                == "span at 4152 is 2000 to 9223372036854775807 from 100000, expected to lie in any number of bytes from 100000"
        )
    }
}
