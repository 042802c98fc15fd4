import FoundationEssentials
import Synchronization
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineIndex

@Suite struct StoredIndexTests {
    /// Opens an index in `folder` and loads it. `warnings` collects its warnings.
    private func open(
        _ folder: URL, cached: Bool = true, policy: SavePolicy = SavePolicy(), warnings: Warnings = Warnings()
    ) throws -> StoredIndex {
        let place = place(folder, cached: cached)
        return StoredIndex(
            TestImage.subject, name: "disk.raw.xz", place: place, stored: try place.load(), policy: policy,
            warn: warnings.add)
    }

    private func place(_ folder: URL, cached: Bool = true) -> IndexLocation {
        cached
            ? IndexLocation(in: IndexCache(path: SystemString(folder.path + "/cache")), .none, stamp: nil)
            : IndexLocation(path: SystemString(folder.path + "/side.sidx"))
    }

    /// The spans in the file in `folder`, which must all be right.
    private func saved(_ folder: URL, cached: Bool = true) throws -> [Int] {
        try TestImage.numbers(in: open(folder, cached: cached))
    }

    @Test(arguments: [true, false])
    func whatIsSavedIsFoundAgain(_ cached: Bool) throws {
        try withTemporaryFolder { folder in
            let index = try open(folder, cached: cached)
            for number in [5, 3, 4, 60, 0] { TestImage.add(number, to: index) }
            // From memory, then from the file.
            #expect(try TestImage.numbers(in: index) == [0, 3, 4, 5, 60])
            try index.save()
            #expect(index.state.withLock { $0.contents.spans.memory } == 0)
            #expect(try TestImage.numbers(in: index) == [0, 3, 4, 5, 60])
            #expect(try saved(folder, cached: cached) == [0, 3, 4, 5, 60])
            // More, and less.
            let again = try open(folder, cached: cached)
            TestImage.add(6, to: again)
            again.remove(TestImage.span(3).range.lowerBound + 1..<TestImage.span(4).range.lowerBound + 1)
            #expect(try TestImage.numbers(in: again) == [0, 5, 6, 60])
            try again.save()
            #expect(try saved(folder, cached: cached) == [0, 5, 6, 60])
            // The first one reads on from the file it has open.
            #expect(try TestImage.numbers(in: index) == [0, 3, 4, 5, 60])
        }
    }

    @Test func nothingIsKeptOnceTheImageHasChanged() throws {
        try withTemporaryFolder { folder in
            let hasChanged = Mutex(false)
            let warnings = Warnings()
            let index = StoredIndex(
                TestImage.subject, name: "disk.raw.xz", place: place(folder),
                imageHasChanged: { hasChanged.withLock(\.self) }, warn: warnings.add)
            TestImage.add(1, to: index)
            try index.save()
            hasChanged.withLock { $0 = true }
            TestImage.add(2, to: index)
            index.saveQuietly(waiting: true)
            index.saveQuietly(waiting: true)
            #expect(warnings.all.count == 1)
            #expect(throws: ImageError.self) { try index.save() }
            #expect(try saved(folder) == [1])
            // It goes on in memory.
            #expect(try TestImage.numbers(in: index) == [1, 2])
        }
    }

    @Test func nothingNewIsNotSaved() throws {
        try withTemporaryFolder { folder in
            let index = try open(folder)
            try index.save()
            #expect(place(folder).identity() == nil)
            TestImage.add(1, to: index)
            try index.save()
            let identity = place(folder).identity()
            try index.save()
            #expect(place(folder).identity() == identity)
            // One that somebody has removed does not come back by itself, but where somebody asks for it.
            let removed = try #require(place(folder).identity())
            place(folder).removeIfCached(removed)
            #expect(place(folder).identity() == nil)
            try index.save(waiting: true)
            #expect(place(folder).identity() == nil)
            try index.save()
            #expect(try saved(folder) == [1])
        }
    }

    @Test func nothingIsKeptOfASpanThatWasNotAdded() throws {
        try withTemporaryFolder { folder in
            let index = try open(folder)
            TestImage.add(1, to: index)
            var span = TestImage.span(1)
            span.input += 1
            #expect(try index.detail(of: span) == nil)
            // What cannot be in the layer is not taken.
            _ = index.add(SeekSpan(range: 7..<7, input: 1, time: 1), detail: [], zeroes: [])
            _ = index.add(SeekSpan(range: 0..<1, input: 100_000, time: 1), detail: [], zeroes: [])
            _ = index.add(
                SeekSpan(range: TestImage.size - 1..<TestImage.size + 1, input: 1, time: 1), detail: [],
                zeroes: [])
            #expect(try TestImage.numbers(in: index) == [1])
        }
    }

    @Test func aDamagedDetailIsAnErrorAndNotSavedAgain() throws {
        try withTemporaryFolder { folder in
            let index = try open(folder, cached: false)
            for number in 0..<3 { TestImage.add(number, to: index) }
            try index.save()
            var bytes = try Data(contentsOf: folder.appending(path: "side.sidx"))
            bytes[4096 + 200 + 100] ^= 1
            try bytes.write(to: folder.appending(path: "side.sidx"))
            let damaged = try open(folder, cached: false)
            #expect(throws: ImageError.self) { try damaged.detail(of: TestImage.span(1)) }
            #expect(try damaged.detail(of: TestImage.span(2)) == TestImage.detail(2))
            TestImage.add(9, to: damaged)
            try damaged.save()
            #expect(try TestImage.numbers(in: damaged) == [0, 2, 9])
            #expect(try saved(folder, cached: false) == [0, 2, 9])
        }
    }

    @Test func whatAnotherSavedMeanwhileIsTakenOver() throws {
        try withTemporaryFolder { folder in
            let one = try open(folder)
            let two = try open(folder)
            for number in [1, 2, 3, 10] { TestImage.add(number, to: one) }
            for number in [3, 4, 5, 11] { TestImage.add(number, to: two) }
            one.remove(TestImage.span(10).range)
            try one.save()
            try two.save()
            #expect(try saved(folder) == [1, 2, 3, 4, 5, 11])
            #expect(try TestImage.numbers(in: two) == [1, 2, 3, 4, 5, 11])
            // One has nothing to add, and need not save.
            let identity = place(folder).identity()
            try one.save()
            #expect(place(folder).identity() == identity)
            // What it found wrong it does not take over, though two knows it; what it adds goes before what is there.
            one.remove(TestImage.span(4).range)
            let other = SeekSpan(
                range: TestImage.span(5).range.lowerBound..<TestImage.span(6).range.upperBound, input: 7,
                time: 1)
            _ = one.add(other, detail: [1], zeroes: [])
            try one.save()
            #expect(
                one.knowledge().spans.map { $0.range.lowerBound >> 20 } == [1, 2, 3, 5, 11])
            #expect(try one.detail(of: other) == [1])
        }
    }

    @Test func anIndexOfSomethingElseIsReplacedAndNotTakenOver() throws {
        try withTemporaryFolder { folder in
            var subject = TestImage.subject
            subject.size = (subject.size ?? 0) + 1
            let other = StoredIndex(subject, name: "", place: place(folder)) { Issue.record("\($0)") }
            TestImage.add(1, to: other)
            try other.save()
            let index = StoredIndex(TestImage.subject, name: "", place: place(folder)) {
                Issue.record("\($0)")
            }
            TestImage.add(2, to: index)
            try index.save()
            #expect(try saved(folder) == [2])
        }
    }

    @Test(arguments: [true, false])
    func whatIsDroppedIsForgotten(_ cached: Bool) throws {
        try withTemporaryFolder { folder in
            let index = try open(folder, cached: cached)
            TestImage.add(1, to: index)
            try index.save()
            let other = try open(folder, cached: cached)
            index.drop()
            #expect(index.knowledge().spans.isEmpty && index.knowledge().zeroes.isEmpty)
            #expect((place(folder, cached: cached).identity() == nil) == cached)
            // Another process, which knows what was dropped, does not bring it back.
            TestImage.add(7, to: other)
            try other.save()
            TestImage.add(2, to: index)
            if cached { try index.save() } else { #expect(throws: ImageError.self) { try index.save() } }
            #expect(try saved(folder, cached: cached) == (cached ? [2] : [1, 7]))
        }
    }

    /// A file that another process has saved since is not the one that was found wrong.
    @Test func droppingRemovesNoFileOfAnothers() throws {
        try withTemporaryFolder { folder in
            let index = try open(folder)
            TestImage.add(1, to: index)
            try index.save()
            let other = try open(folder)
            TestImage.add(2, to: other)
            try other.save()
            index.drop()
            #expect(try saved(folder) == [1, 2])
            // Nor is what it has saved itself since.
            TestImage.add(3, to: index)
            try index.save()
            let identity = place(folder).identity()
            index.drop()
            #expect(identity != nil && place(folder).identity() == nil)
        }
    }

    /// Adding does not wait for a disk: here nothing can be saved while another holds the folder.
    @Test func addingDoesNotWaitForSaving() throws {
        try withTemporaryFolder { folder in
            var policy = SavePolicy()
            policy.saveAbove = 300
            let index = try open(folder, policy: policy)
            TestImage.add(0, to: index)
            index.waitForSaver()
            try index.save()
            let held = try #require(try Folder.open(SystemString(folder.path + "/cache")))
            try held.withLock { () throws(ImageError) in
                for number in 1..<4 { TestImage.add(number, to: index) }
                // Readers know of all of it, and whoever is about to learn more is told to wait.
                #expect((try? TestImage.numbers(in: index)) == [0, 1, 2, 3])
                #expect(!index.hasRoom)
            }
            index.waitForRoom()
            index.waitForSaver()
            #expect(index.hasRoom)
            try index.save()
            #expect(try saved(folder) == [0, 1, 2, 3])
        }
    }

    @Test func whatIsNotSavedIsSavedWhenItIsLetGoOf() throws {
        try withTemporaryFolder { folder in
            TestImage.add(1, to: try open(folder))
            #expect(try saved(folder) == [1])
        }
    }

    @Test func muchIsSavedAtOnce() throws {
        try withTemporaryFolder { folder in
            var policy = SavePolicy()
            policy.saveAbove = 500
            let index = try open(folder, policy: policy)
            for number in 0..<3 { TestImage.add(number, to: index) }
            index.waitForSaver()
            // 200 + 201 + 202 bytes.
            #expect(index.state.withLock { $0.contents.spans.memory } == 0)
            TestImage.add(3, to: index)
            #expect(index.state.withLock { $0.contents.spans.memory } == 203)
            #expect(try saved(folder) == [0, 1, 2])
        }
    }

    @Test func whatIsLearntIsSavedAtIntervals() throws {
        try withTemporaryFolder { folder in
            var policy = SavePolicy()
            policy.interval = .zero
            policy.rarity = 0
            let index = try open(folder, policy: policy)
            for number in 0..<3 {
                TestImage.add(number, to: index)
                index.waitForSaver()
                #expect(try saved(folder) == Array(0...number))
            }
        }
    }

    /// The folder is a file: nothing can be made there, not by root either.
    @Test func whatCannotBeSavedStaysInMemoryAsFarAsItMay() throws {
        try withTemporaryFolder { folder in
            _ = try folder.file("cache", "a file")
            let warnings = Warnings()
            var policy = SavePolicy()
            policy.interval = .zero
            policy.retry = .zero
            policy.rarity = 0
            policy.keepAtMost = 700
            let cache = IndexCache(path: SystemString(folder.path + "/cache"))
            let index = StoredIndex(
                TestImage.subject, name: "", place: IndexLocation(in: cache, .none, stamp: nil),
                policy: policy,
                warn: warnings.add)
            for number in [1, 2, 3, 4, 0] {
                TestImage.add(number, to: index)
                index.waitForSaver()
            }
            #expect(try TestImage.numbers(in: index) == [1, 2, 3])
            #expect(
                warnings.all == ["the seek index is not saved: \(folder.path)/cache: Not a directory"])
            let error = #expect(throws: ImageError.self) { try index.save() }
            #expect(error?.description == "\(folder.path)/cache: Not a directory")
            // As soon as it can be saved, it is.
            try FileManager.default.removeItem(atPath: folder.path + "/cache")
            TestImage.add(0, to: index)
            try index.save()
            #expect(try saved(folder).starts(with: [1, 2, 3]) || saved(folder) == [0, 1, 2, 3])
        }
    }

    /// Threads of one process, each with an index of its own, as two processes have.
    @Test func threadsThatSaveAtOnceLoseNothing() async throws {
        let folder = URL(filePath: try temporaryFolder())
        defer { try? FileManager.default.removeItem(at: folder) }
        let indexes = try (0..<4).map { _ in try open(folder) }
        try await withThrowingTaskGroup { group in
            for (first, index) in indexes.enumerated() {
                group.addTask {
                    for number in stride(from: first, to: TestImage.spans, by: 4) {
                        TestImage.add(number, to: index)
                        try index.save()
                        _ = try TestImage.numbers(in: index)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try saved(folder) == Array(0..<TestImage.spans))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache").count == 1)
    }

    /// Threads that share an index, and read, add, remove and save.
    @Test func threadsShareAnIndex() async throws {
        let folder = URL(filePath: try temporaryFolder())
        defer { try? FileManager.default.removeItem(at: folder) }
        var policy = SavePolicy()
        policy.saveAbove = 2000
        policy.keepAtMost = 4000
        let index = try open(folder, policy: policy)
        await withTaskGroup { group in
            for first in 0..<4 {
                group.addTask {
                    for number in stride(from: first, to: TestImage.spans, by: 4) {
                        TestImage.add(number, to: index)
                        #expect((try? index.detail(of: TestImage.span(number))) == TestImage.detail(number))
                        if number % 3 == 0 { index.remove(TestImage.span(number).range) }
                    }
                }
            }
        }
        let expected = (0..<TestImage.spans).filter { $0 % 3 != 0 }
        #expect(try TestImage.numbers(in: index) == expected)
        try index.save()
        #expect(try saved(folder) == expected)
    }

    private func temporaryFolder() throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "vt-\(UUID().uuidString.prefix(8))")
            .path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }
}

extension StoredIndex {
    /// Waits until no thread saves, or is about to.
    func waitForSaver() {
        state.wait { $0.isAboutToSave ? nil : () }
    }
}

/// The warnings of an index.
final class Warnings: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }

    func add(_ text: String) { list.withLock { $0.append(text) } }
}

extension TestImage {
    static let subject = IndexSubject(
        kind: SeekKind.xz.number, fingerprint: .none, inputSize: file.size, size: size)
}
