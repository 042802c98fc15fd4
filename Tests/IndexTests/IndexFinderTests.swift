import FoundationEssentials
import Glibc
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineIndex

@Suite struct IndexFinderTests {
    private let warnings = Warnings()

    private func finder(_ folder: URL, _ place: IndexFinder.Storage = .cache) -> IndexFinder {
        IndexFinder(place, in: IndexCache(path: SystemString(folder.path + "/cache")), warn: warnings.add)
    }

    /// Opens the index of the outermost layer of `file`.
    private func open(_ finder: IndexFinder, _ file: any Source) throws -> StoredIndex {
        try #require(
            finder.forImage(called: "disk.xz").index(of: file, .xz, depth: 0, size: TestImage.size)
                as? StoredIndex)
    }

    private func subject(_ index: StoredIndex) -> IndexSubject {
        index.state.withLock { $0.contents.subject }
    }

    private func image(_ folder: URL, _ name: String = "disk.xz", fill: UInt8 = 7) throws -> URL {
        try folder.file(name, Data(repeating: fill, count: 100_000))
    }

    @Test func findsWhatWasSaved() throws {
        try withTemporaryFolder { folder in
            let image = try image(folder)
            let finder = finder(folder)
            TestImage.add(1, to: try open(finder, FileSource(path: image.path)))
            // Another name, and a copy.
            try FileManager.default.copyItem(at: image, to: folder.appending(path: "copy.xz"))
            try FileManager.default.moveItem(at: image, to: folder.appending(path: "moved.xz"))
            for name in ["moved.xz", "copy.xz"] {
                let index = try open(finder, FileSource(path: folder.path + "/" + name))
                #expect(try TestImage.numbers(in: index) == [1])
            }
            let hints = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache/by-file")
            #expect(hints.count == 2)
            #expect(
                try IndexCache(path: SystemString(folder.path + "/cache")).entries().map { $0.summary?.name }
                    == ["disk.xz"]
            )
            #expect(warnings.all == [])
        }
    }

    @Test func anUntouchedImageIsRecognisedByItsStamp() throws {
        try withTemporaryFolder { folder in
            let image = try image(folder)
            let finder = finder(folder)
            let cache = try #require(finder.cache)
            let real = try subject(open(finder, FileSource(path: image.path))).fingerprint
            // A hint that says something else than the image shows that the image is not asked.
            let stamp = try #require(FileSource(path: image.path).stamp())
            cache.note(stamp, .none)
            #expect(try subject(open(finder, FileSource(path: image.path))).fingerprint == .none)
            // Once it is touched, it is.
            try Data(repeating: 7, count: 100_000).write(to: image)
            TestImage.add(1, to: try open(finder, FileSource(path: image.path)))
            #expect(try subject(open(finder, FileSource(path: image.path))).fingerprint == real)
            let new = try #require(FileSource(path: image.path).stamp())
            #expect(new != stamp)
            #expect(cache.fingerprint(of: new) == real)
        }
    }

    @Test func anotherImageHasAnotherIndex() throws {
        try withTemporaryFolder { folder in
            let finder = finder(folder)
            let one = try open(finder, MemorySource([UInt8](repeating: 1, count: 5000)))
            let two = try open(finder, MemorySource([UInt8](repeating: 2, count: 5000)))
            #expect(subject(one).fingerprint != subject(two).fingerprint)
            #expect(finder.opened.count == 2)
        }
    }

    @Test func innerLayersAreRecognisedByTheOutermost() throws {
        try withTemporaryFolder { folder in
            let finder = finder(folder)
            let one = finder.forImage(called: "one")
            let two = finder.forImage(called: "two")
            #expect(one.index(of: TestImage.file, .xz, depth: 1, size: 10) == nil)
            let outer = try #require(
                one.index(of: TestImage.file, .xz, depth: 0, size: 10) as? StoredIndex)
            _ = two.index(of: MemorySource([9]), .xz, depth: 0, size: 10)
            // Nothing of it is read: reading would fail.
            let unreadable = ObservedSource([1, 2, 3], failing: 0..<3)
            let inner = try #require(
                one.index(of: unreadable, .xz, depth: 1, size: 10) as? StoredIndex)
            let expected = Fingerprint(of: "xz", depth: 1, in: subject(outer).fingerprint)
            #expect(subject(inner).fingerprint == expected)
            let other = try #require(
                two.index(of: unreadable, .xz, depth: 1, size: 10) as? StoredIndex)
            #expect(subject(other).fingerprint != expected)
        }
    }

    @Test func usingAnIndexKeepsItLonger() throws {
        try withTemporaryFolder { folder in
            let finder = finder(folder)
            let cache = try #require(finder.cache)
            let images = (1...3).map { MemorySource([UInt8](repeating: $0, count: 100_000)) }
            for (number, image) in images.enumerated() {
                let index = try open(finder, image)
                TestImage.add(number, to: index)
                try index.save()
                let saved = try #require(index.file)
                #expect(saved.path == "\(cache.path)/\(index.subject.fingerprint).sidx")
                #expect(try saved.size == Data(contentsOf: URL(filePath: saved.path)).count)
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: Double(number + 1))],
                    ofItemAtPath: saved.path)
            }
            _ = try open(finder, images[0])
            #expect(try cache.entries().map { $0.summary?.spans } == [1, 1, 1])
            let gone = try cache.prune(to: cache.entries()[0].fileSize)
            #expect(gone.map(\.lastUse) == [2_000_000_000, 3_000_000_000])
            #expect(try TestImage.numbers(in: open(finder, images[0])) == [0])
        }
    }

    @Test func nowhereMeansNone() throws {
        try withTemporaryFolder { folder in
            let indexes = finder(folder, .nowhere).forImage(called: "")
            #expect(indexes.index(of: TestImage.file, .xz, depth: 0, size: 10) == nil)
            #expect(!folder.appending(path: "cache").exists)
        }
    }

    @Test func aNamedFileIsMadeAndFound() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            TestImage.add(1, to: try open(finder(folder, .file(SystemString(path))), TestImage.file))
            #expect(
                try TestImage.numbers(in: open(finder(folder, .file(SystemString(path))), TestImage.file))
                    == [1])
            #expect(!folder.appending(path: "cache").exists)
            // Through a symbolic link, which stays one.
            let link = folder.path + "/link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            TestImage.add(2, to: try open(finder(folder, .file(SystemString(link))), TestImage.file))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
            #expect(
                try TestImage.numbers(in: open(finder(folder, .file(SystemString(path))), TestImage.file))
                    == [1, 2])
            #expect(warnings.all == [])
        }
    }

    /// The file is for the image, and not for the files it names.
    @Test func aNamedFileHasNoIndexOfAReference() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            let index = try #require(
                finder(folder, .file(SystemString(path))).forReference(called: "base.xz")
                    .index(of: TestImage.file, .xz, depth: 0, size: TestImage.size) as? StoredIndex)
            TestImage.add(1, to: index)
            try index.save()
            #expect(!URL(filePath: path).exists)
            #expect(try TestImage.numbers(in: open(finder(folder), TestImage.file)) == [1])
            let entries = try IndexCache(path: SystemString(folder.path + "/cache")).entries()
            #expect(entries.map { $0.summary?.name } == ["base.xz"])
            #expect(warnings.all == [])
        }
    }

    @Test func aNamedFileStartsFromTheCache() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            TestImage.add(1, to: try open(finder(folder), TestImage.file))
            let index = try open(finder(folder, .file(SystemString(path))), TestImage.file)
            #expect(try TestImage.numbers(in: index) == [1])
            try index.save()
            try FileManager.default.removeItem(atPath: folder.path + "/cache")
            #expect(
                try TestImage.numbers(in: open(finder(folder, .file(SystemString(path))), TestImage.file))
                    == [1])
        }
    }

    @Test func aNamedFileThatIsNoIndexIsLeftAsItIs() throws {
        try withTemporaryFolder { folder in
            let file = try folder.file("image.raw", "not an index")
            let index = try open(finder(folder, .file(SystemString(file.path))), TestImage.file)
            TestImage.add(1, to: index)
            let error = #expect(throws: ImageError.self) { try index.save() }
            #expect(error?.description == "\(file.path): is not a seek index, so vitrine does not replace it")
            #expect(
                warnings.all == [
                    "no seek index is used: \(file.path): is not a seek index, so vitrine does not replace it"
                ])
            #expect(try String(contentsOf: file, encoding: .utf8) == "not an index")
            // Nor when it comes while the image is open.
            let late = folder.path + "/late"
            let other = try open(finder(folder, .file(SystemString(late))), TestImage.file)
            _ = try folder.file("late", "not an index")
            TestImage.add(1, to: other)
            #expect(throws: ImageError.self) { try other.save() }
            #expect(try String(contentsOf: URL(filePath: late), encoding: .utf8) == "not an index")
        }
    }

    @Test func aNamedFileOfAnotherImageOrDamagedIsReplaced() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            TestImage.add(
                1,
                to: try open(
                    finder(folder, .file(SystemString(path))),
                    MemorySource([UInt8](repeating: 1, count: 100_000)))
            )
            let index = try open(finder(folder, .file(SystemString(path))), TestImage.file)
            #expect(warnings.all == ["the given seek index belongs to another image, and will be replaced"])
            TestImage.add(2, to: index)
            try index.save()
            #expect(
                try TestImage.numbers(in: open(finder(folder, .file(SystemString(path))), TestImage.file))
                    == [2])

            try Data(contentsOf: URL(filePath: path)).dropLast().write(to: URL(filePath: path))
            let again = try open(finder(folder, .file(SystemString(path))), TestImage.file)
            #expect(warnings.all.count == 2)
            #expect(
                warnings.all.last?.hasPrefix("the given seek index is damaged, and will be replaced: ")
                    == true)
            TestImage.add(3, to: again)
            try again.save()
            #expect(
                try TestImage.numbers(in: open(finder(folder, .file(SystemString(path))), TestImage.file))
                    == [3])
        }
    }

    @Test func aNamedFileOfALaterVersionIsLeftAsItIs() throws {
        try withTemporaryFolder { folder in
            var forged = ForgedIndex()
            forged.header[8] = 3
            let file = try folder.file("side.sidx", Data(forged.bytes))
            let index = try open(finder(folder, .file(SystemString(file.path))), TestImage.file)
            TestImage.add(2, to: index)
            #expect(throws: ImageError.self) { try index.save() }
            #expect(
                warnings.all == ["no seek index is used: \(file.path): major version at 8 is 3, expected 2"])
            #expect(try Data(contentsOf: file) == Data(forged.bytes))
        }
    }

    @Test func aCacheThatCannotBeIsOneWarning() throws {
        try withTemporaryFolder { folder in
            _ = try folder.file("cache", "a file")
            let finder = finder(folder)
            let index = try open(finder, TestImage.file)
            TestImage.add(1, to: index)
            finder.save()
            finder.save()
            #expect(warnings.all == ["no seek index is used: \(folder.path)/cache: Not a directory"])
            #expect(try TestImage.numbers(in: index) == [1])
        }
        let homeless = IndexFinder(.cache, in: nil, warn: warnings.add)
        TestImage.add(1, to: try open(homeless, TestImage.file))
        _ = try open(homeless, TestImage.file)
        #expect(
            warnings.all.dropFirst() == [
                "no seek index is kept: neither XDG_CACHE_HOME nor HOME names a folder that belongs to this user"
            ])
    }

    /// Nobody can make a file in /proc, root neither.
    @Test func aFolderThatCannotBeWrittenToIsOneWarning() throws {
        let finder = IndexFinder(.file("/proc/side.sidx"), in: nil, warn: warnings.add)
        let index = try open(finder, TestImage.file)
        #expect(index.file == nil)
        TestImage.add(1, to: index)
        finder.save()
        finder.save()
        #expect(warnings.all.count == 1)
        #expect(warnings.all.first?.hasPrefix("the seek index is not saved: /proc/side.sidx") == true)
        #expect(try TestImage.numbers(in: index) == [1])
    }

    @Test(.enabled(if: getuid() != 0, "root may write to every folder"))
    func aReadOnlyCacheIsReadAndOneWarning() throws {
        try withTemporaryFolder { folder in
            let finder = finder(folder)
            let path = try #require(finder.cache).path.text
            TestImage.add(1, to: try open(finder, TestImage.file))
            #expect(unsafe chmod(path, 0o500) == 0)
            defer { unsafe chmod(path, 0o700) }
            let index = try open(finder, TestImage.file)
            TestImage.add(2, to: index)
            finder.save()
            #expect(try TestImage.numbers(in: index) == [1, 2])
            #expect(warnings.all.count == 1)
        }
    }

    @Test func theLibraryKeepsIndexesWhenAskedTo() {
        var options = OpenOptions()
        #expect(options.indexes == nil)
        options.keepIndexes()
        #expect(options.indexes is IndexFinder)
    }
}
