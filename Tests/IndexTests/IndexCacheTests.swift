import FoundationEssentials
import Glibc
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineIndex

@Suite struct IndexCacheTests {
    /// Puts an index of `spans` spans into `cache`, last used `age` seconds ago. Returns its fingerprint.
    @discardableResult
    private func put(_ cache: IndexCache, _ number: Int, age: Int, spans: Int = 1) throws -> Fingerprint {
        let subject = subject(number)
        let place = IndexLocation(in: cache, subject.fingerprint, stamp: nil)
        let index = StoredIndex(subject, name: "disk \(number)", place: place) { Issue.record("\($0)") }
        for span in 0..<spans { TestImage.add(span, to: index) }
        try index.save()
        try setAge("\(cache.path)/\(subject.fingerprint).sidx", seconds: age)
        return subject.fingerprint
    }

    private func subject(_ number: Int) -> IndexSubject {
        var subject = TestImage.subject
        subject.fingerprint = Fingerprint(of: "xz", depth: number, in: .none)
        return subject
    }

    private func setAge(_ path: String, seconds: Int) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -Double(seconds))], ofItemAtPath: path)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    private func withCache(limit: UInt64 = IndexCache.defaultLimit, _ body: (IndexCache) throws -> Void)
        throws
    {
        try withTemporaryFolder { folder in
            try body(IndexCache(path: SystemString(folder.path + "/home/cache/vitrine"), limit: limit))
        }
    }

    @Test func liesWhereTheEnvironmentSays() throws {
        func path(_ variables: [String: String]) -> String? {
            IndexCache { variables[$0].map { SystemString($0) } }?.path.text
        }
        try withTemporaryFolder { folder in
            let home = folder.path
            #expect(path(["XDG_CACHE_HOME": home + "/c", "HOME": "/h"]) == home + "/c/vitrine")
            #expect(path(["HOME": home]) == home + "/.cache/vitrine")
            #expect(path(["XDG_CACHE_HOME": "c", "HOME": home]) == home + "/.cache/vitrine")
            #expect(path(["XDG_CACHE_HOME": "", "HOME": home]) == home + "/.cache/vitrine")
            #expect(path(["HOME": home + "/nonexistent"]) == nil, "a home is not made")
        }
        #expect(path(["HOME": "h"]) == nil)
        #expect(path([:]) == nil)
    }

    @Test func isNotInTheHomeOfAnotherUser() throws {
        try withTemporaryFolder { folder in
            // What sudo does that keeps HOME; only root can make such a folder, and everybody else finds one.
            if geteuid() == 0 { #expect(unsafe chown(folder.path, 65534, 65534) == 0) }
            let other = geteuid() == 0 ? folder.path : "/root"
            #expect(IndexCache(environment: { ["HOME": SystemString(other)][$0] })?.path == nil)
            #expect(
                IndexCache(environment: { ["XDG_CACHE_HOME": SystemString(other + "/new")][$0] })?.path == nil
            )
        }
    }

    @Test func isForThisUserAlone() throws {
        try withCache { cache in
            let fingerprint = try put(cache, 1, age: 0)
            #expect(mode(cache.path.text) == 0o700)
            #expect(mode("\(cache.path)/\(fingerprint).sidx") == 0o600)
        }
    }

    @Test func listsWhatIsThere() throws {
        try withCache { cache in
            #expect(try cache.entries().isEmpty)
            let old = try put(cache, 1, age: 300, spans: 2)
            let new = try put(cache, 2, age: 100)
            let broken = Fingerprint(of: "xz", depth: 3, in: .none)
            try Data("broken".utf8).write(to: URL(filePath: "\(cache.path)/\(broken).sidx"))
            try setAge("\(cache.path)/\(broken).sidx", seconds: 200)
            try Data().write(to: URL(filePath: "\(cache.path)/something-else.sidx"))
            let entries = try cache.entries()
            #expect(entries.map(\.fingerprint) == [new, broken, old].map(\.description))
            #expect(entries[1].summary == nil && entries[1].fileSize == 6)
            #expect(
                entries[2].summary
                    == IndexCache.Summary(
                        name: "disk 1", layerSize: TestImage.size, indexed: 2 << 20, spans: 2))
            #expect(abs(entries[2].lastUse / 1_000_000_000 - Int64(time(nil)) + 300) < 100)
        }
    }

    @Test func removesWhatWasUsedLongestAgo() throws {
        try withCache { cache in
            let fingerprints = try [30, 20, 10, 40].enumerated().map { try put(cache, $0, age: $1) }
            let size = try #require(cache.entries().first).fileSize
            #expect(cache.prune(to: 4 * size).isEmpty)
            #expect(
                cache.prune(to: 3 * size - 1).map(\.fingerprint)
                    == [fingerprints[3], fingerprints[0]].map(\.description))
            #expect(
                try cache.entries().map(\.fingerprint)
                    == [fingerprints[2], fingerprints[1]].map(\.description))
            #expect(cache.prune(to: 0).count == 2)
            #expect(try names(cache.path.text) == [])
        }
    }

    @Test func staysWithinItsLimitButKeepsWhatWasJustSaved() throws {
        try withCache(limit: 10_000) { cache in
            for number in 0..<3 { try put(cache, number, age: 100 - number) }
            #expect(try cache.entries().map { $0.summary?.name } == ["disk 2", "disk 1"])
        }
        try withCache(limit: 1) { cache in
            for number in 0..<3 { try put(cache, number, age: 0) }
            #expect(try cache.entries().map { $0.summary?.name } == ["disk 2"])
        }
    }

    @Test func tidiesUpWhatWasLeft() throws {
        try withCache { cache in
            let stamp = FileStamp(device: 1, inode: 2, size: 3, modified: 4, changed: -5)
            let fingerprint = try put(cache, 1, age: 0)
            cache.note(stamp, fingerprint)
            var other = stamp
            other.inode = 9
            cache.note(other, .none)
            let hints = cache.path.text + "/by-file"
            let kept = ["notes.tmp.txt", "\(fingerprint).sidx.tmp.1.ab", "x.tmp.12.zz"]
            let gone = ["\(fingerprint).sidx.tmp.4711.deadbeef", "by-file/1-2.tmp.4711.deadbeef"]
            for name in kept + gone {
                try Data().write(to: URL(filePath: "\(cache.path)/\(name)"))
                if name != kept[1] { try setAge("\(cache.path)/\(name)", seconds: 25 * 3600) }
            }
            try Data().write(to: URL(filePath: hints + "/rubbish"))
            cache.prune(to: .max)
            #expect(try names(cache.path.text) == (kept + ["by-file", "\(fingerprint).sidx"]).sorted())
            #expect(try names(hints) == ["1-2"])
        }
    }

    @Test func hintsHoldAsLongAsTheStamp() throws {
        try withCache { cache in
            let stamp = FileStamp(device: 1, inode: 2, size: 3, modified: 4, changed: -5)
            #expect(cache.fingerprint(of: stamp) == nil)
            cache.note(stamp, .none)
            #expect(cache.fingerprint(of: stamp) == Fingerprint.none)
            let changes: [(inout FileStamp) -> Void] = [
                { $0.device = 9 }, { $0.inode = 9 }, { $0.size = 9 }, { $0.modified = 9 }, { $0.changed = 9 },
            ]
            for change in changes {
                var other = stamp
                change(&other)
                #expect(cache.fingerprint(of: other) == nil)
            }
            // Damaged anywhere, cut or longer.
            let path = URL(filePath: cache.path.text + "/by-file/1-2")
            let good = try Data(contentsOf: path)
            #expect(String(decoding: good, as: UTF8.self) == "\(Fingerprint.none) 3 4 -5\n")
            for position in good.indices {
                try good.prefix(position).write(to: path)
                #expect(cache.fingerprint(of: stamp) == nil)
            }
            try (good + [10]).write(to: path)
            #expect(cache.fingerprint(of: stamp) == nil)
            let fingerprint = Fingerprint(of: "xz", depth: 1, in: .none)
            cache.note(stamp, fingerprint)
            #expect(cache.fingerprint(of: stamp) == fingerprint)
        }
    }

    @Test(arguments: [0o770, 0o707, 0o777] as [mode_t])
    func aFolderThatOthersMayWriteToIsNotUsed(_ mode: mode_t) throws {
        try withCache { cache in
            let stamp = FileStamp(device: 1, inode: 2, size: 3, modified: 4, changed: -5)
            cache.note(stamp, try put(cache, 1, age: 0))
            #expect(unsafe chmod(cache.path.text, mode) == 0)
            let error = #expect(throws: ImageError.self) { try cache.entries() }
            #expect(error == ImageError(.refused, "\(cache.path.text): other users may write to it"))
            #expect(cache.prune(to: 0).isEmpty)
            #expect(throws: ImageError.self) { try put(cache, 2, age: 0) }
            #expect(try names(cache.path.text).count == 2)
            #expect(
                unsafe chmod(cache.path.text, 0o700) == 0 && chmod(cache.path.text + "/by-file", mode) == 0)
            #expect(cache.fingerprint(of: stamp) == nil)
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root can give a folder to another user"))
    func aFolderOfAnotherUserIsNotUsed() throws {
        try withCache { cache in
            try put(cache, 1, age: 0)
            #expect(unsafe chown(cache.path.text, 1234, 0) == 0)
            let error = #expect(throws: ImageError.self) { try cache.entries() }
            #expect(error == ImageError(.refused, "\(cache.path.text): belongs to user 1234, not to 0"))
            #expect(error?.reason == "\(cache.path.text): belongs to user 1234, not to 0")
        }
    }

    @Test func filesThatOthersCanHaveMadeAreReplaced() throws {
        try withTemporaryFolder { folder in
            let cache = IndexCache(path: SystemString(folder.path + "/cache"))
            let subject = subject(1)
            let place = IndexLocation(in: cache, subject.fingerprint, stamp: nil)
            let path = "\(cache.path)/\(subject.fingerprint).sidx"
            let spoil: [(reason: String, make: () throws -> Void)] = [
                ("other users may write to it", { #expect(unsafe chmod(path, 0o602) == 0) }),
                (
                    "is a symbolic link",
                    {
                        #expect(unsafe rename(path, folder.path + "/elsewhere") == 0)
                        #expect(unsafe symlink(folder.path + "/elsewhere", path) == 0)
                    }
                ),
                (
                    "is not a file",
                    { #expect(unsafe unlink(path) == 0 && mkfifo(path, 0o600) == 0) }
                ),
            ]
            for (reason, make) in spoil {
                try put(cache, 1, age: 0)
                try make()
                let error = #expect(throws: ImageError.self) { try place.load() }
                #expect(error?.description == "\(path): \(reason)")
                #expect(try cache.entries().map { $0.summary?.spans } == [nil])
                try put(cache, 1, age: 0, spans: 2)
                #expect(try place.load()?.index.records.count == 2)
                #expect(mode(path) == 0o600)
            }
        }
    }
}
