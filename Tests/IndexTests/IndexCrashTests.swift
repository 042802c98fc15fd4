import FoundationEssentials
import Glibc
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineIndex

/// Another process saves, and is killed, has no room, or is not the only one.
@Suite struct IndexCrashTests {
    private func start(
        _ path: String, first: Int, step: Int, count: Int, limit: Int = 1 << 30
    ) throws -> Program {
        try Program([builtProgram("IndexSaver"), path] + [first, step, count, limit].map(String.init))
    }

    /// The spans in the file at `path`, which must all be right. Nil if there is no file.
    private func saved(_ path: String) throws -> [Int]? {
        guard let stored = try IndexLocation(path: SystemString(path)).load() else { return nil }
        let index = StoredIndex(stored.index.subject, name: "", place: nil, stored: stored) { _ in }
        return try TestImage.numbers(in: index)
    }

    @Test func killedAtAnyMomentNothingIsBroken() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            var random = SeededGenerator(seed: 3)
            var left = 0
            for round in 0..<60 {
                let program = try start(path, first: round % 7, step: 1, count: 0)
                if round % 4 != 0 {
                    // It is at work once the file is another one.
                    let before = IndexLocation(path: SystemString(path)).identity()
                    try until("there is a new index") {
                        IndexLocation(path: SystemString(path)).identity() == before ? nil : ()
                    }
                }
                usleep(useconds_t.random(in: 0..<20_000, using: &random))
                program.send(SIGKILL)
                #expect(try program.wait().status == 128 + SIGKILL)
                _ = try saved(path)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(
                    names.allSatisfy {
                        $0 == "side.sidx" || NewFile.isTemporary(SystemString($0), of: "side.sidx")
                    })
                // Who is killed leaves what it was writing, and who comes next leaves that alone for a day.
                let temporary = names.count { NewFile.isTemporary(SystemString($0)) }
                #expect((left...left + 1).contains(temporary), "after round \(round)")
                left = temporary
            }
            #expect(left > 0, "nobody was killed while writing")
            var times = [timespec(tv_sec: 1_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000, tv_nsec: 0)]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
            where NewFile.isTemporary(SystemString(name)) {
                try #require(unsafe utimensat(AT_FDCWD, folder.path + "/" + name, &times, 0) == 0)
            }
            // Who comes next goes on from there, and tidies up.
            let next = try start(path, first: 50, step: 1, count: 3).wait()
            #expect(next.status == 0 && next.output == "done\n")
            #expect(try #require(try saved(path)).contains(52))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["side.sidx"])
        }
    }

    @Test func twoProcessesLoseNothing() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            let programs = try (0..<2).map { try start(path, first: $0, step: 2, count: TestImage.spans / 2) }
            for program in programs {
                let result = try program.wait()
                #expect(result.status == 0 && result.output == "done\n")
            }
            #expect(try saved(path) == Array(0..<TestImage.spans))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["side.sidx"])
        }
    }

    /// A limit on the size of files stands for a full disk: it needs no root, and fails the same call.
    @Test(arguments: [1024, 4500, 6000])
    func withoutRoomTheOldIndexStays(_ limit: Int) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            #expect(try start(path, first: 0, step: 1, count: 1).wait().status == 0)
            let before = try Data(contentsOf: URL(filePath: path))
            let result = try start(path, first: 1, step: 1, count: 60, limit: limit).wait()
            #expect(result.status == 0)
            #expect(result.output == "the seek index is not saved: \(path): File too large\ndone\n")
            // With 6000 bytes there is room for some spans.
            if limit < 6000 { #expect(try Data(contentsOf: URL(filePath: path)) == before) }
            #expect(try #require(try saved(path)).first == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["side.sidx"])
        }
    }
}
