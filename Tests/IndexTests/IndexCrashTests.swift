import FoundationEssentials
import Glibc
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineIndex

/// Another process saves, and is killed, has no room, or is not the only one.
@Suite struct IndexCrashTests {
    private func start(_ path: String, first: Int, step: Int, count: Int) throws -> Program {
        try Program([builtProgram("IndexSaver"), path, "\(first)", "\(step)", "\(count)"])
    }

    /// The spans in the file at `path`, all of which are right; nil where there is no file.
    private func saved(_ path: String) throws -> [Int]? {
        guard let stored = try IndexPlace(path: path).load() else { return nil }
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
                    let before = IndexPlace(path: path).identity()
                    try until("there is a new index") {
                        IndexPlace(path: path).identity() == before ? nil : ()
                    }
                }
                usleep(useconds_t.random(in: 0..<20_000, using: &random))
                program.send(SIGKILL)
                #expect(try program.wait().status == 128 + SIGKILL)
                _ = try saved(path)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(names.allSatisfy { $0 == "side.sidx" || NewFile.isTemporary($0, of: "side.sidx") })
                left = names.count - 1
            }
            print("killing left \(left) temporary files")
            // Who comes next goes on from there.
            let next = try start(path, first: 50, step: 1, count: 3).wait()
            #expect(next.status == 0 && next.output == "done\n")
            #expect(try #require(try saved(path)).contains(52))
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

    /// A limit on the size of files stands for a disk that is full: it needs no root, and fails the same call.
    @Test(arguments: ["0", "9", "12"])
    func withoutRoomTheOldIndexStays(_ blocks: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/side.sidx"
            #expect(try start(path, first: 0, step: 1, count: 1).wait().status == 0)
            let before = try Data(contentsOf: URL(filePath: path))
            let limited = "trap '' XFSZ; ulimit -f \(blocks); exec \"$@\""
            let saver = try builtProgram("IndexSaver")
            // What it prints goes through a pipe, which has no size.
            let result = try Program([
                "/bin/sh", "-c", "{ \(limited); } | cat > \(folder.path)/said", "sh", saver, path, "1", "1",
                "60",
            ]).wait()
            #expect(result.status == 0)
            let said = try String(contentsOf: folder.appending(path: "said"), encoding: .utf8)
            #expect(said == "the seek index is not saved: \(path): File too large\ndone\n")
            if blocks != "12" { #expect(try Data(contentsOf: URL(filePath: path)) == before) }
            #expect(try #require(try saved(path)).first == 0)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                    "said", "side.sidx",
                ])
        }
    }
}
