import Foundation
import Glibc
import Testing
import TestSupport

/// Processes that end while they index: by a signal that asks them to, or killed.
@Suite(.needs(.xz))
struct IndexInterruptionTests {
    /// Waits until `program` has read `count` bytes, or has ended.
    private func waitUntilRead(_ count: Int, by program: Program) throws {
        try until("\(count) bytes are read") {
            guard program.isRunning else { return () }
            let io = (try? String(contentsOf: URL(filePath: "/proc/\(program.id)/io"), encoding: .utf8)) ?? ""
            let line = io.split(separator: "\n").first { $0.hasPrefix("rchar:") }
            return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 >= count } == true ? () : nil
        }
    }

    private func start(_ disk: SeekDisk, _ arguments: [String]) throws -> Program {
        try Program([Vitrine.path()] + arguments, environment: disk.environment)
    }

    private func expectCompletion(_ disk: SeekDisk) throws {
        let completed = try disk.vitrine("index", "--memory", SeekDisk.memory, disk.xz.path)
        #expect(completed.status == 0, "\(completed.errors)")
        let verified = try disk.vitrine("index", "--verify", disk.xz.path)
        #expect(verified.output.contains(": OK: "), "\(verified.output) \(verified.errors)")
        #expect(disk.indexes.count == 1)
        let copied = try disk.vitrine("copy", "-q", disk.xz.path, "-")
        #expect(copied.data == disk.bytes, "\(copied.errors)")
    }

    @Test(arguments: [4, 2]) func interruptedIndexingKeepsWhatItHas(_ part: Int) throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            let size = try Data(contentsOf: disk.xz).count
            let program = try start(disk, ["index", "--memory", SeekDisk.memory, disk.xz.path])
            try waitUntilRead(size / part + 200_000, by: program)
            program.send(SIGINT)
            let result = try program.wait()
            // On a slow day the signal comes when all is done.
            #expect(result.status == 130 || result.status == 0, "\(result.errors)")
            #expect(result.errors == "")
            let list = try disk.vitrine("index", "--list").output
            #expect(list.contains(": 1 index, ") && !list.contains(" 0 %"), "\(list)")
            try expectCompletion(disk)
        }
    }

    @Test func killedAtAnyMoment() throws {
        try withTemporaryFolder { folder in
            let disk = try SeekDisk(in: folder)
            let size = try Data(contentsOf: disk.xz).count
            var random = SeededGenerator(seed: 71)
            for round in 0..<14 {
                let isServing = round % 2 == 1
                let socket = folder.appending(path: "s\(round)").path
                let program = try start(
                    disk,
                    (isServing ? ["serve", "-U", socket] : ["index"])
                        + ["--memory", SeekDisk.memory, disk.xz.path])
                if isServing {
                    _ = try program.firstLine()
                    let client = try WireClient(unixSocket: socket)
                    try client.enter()
                    for _ in 0..<Int.random(in: 0...4, using: &random) {
                        let offset = Int.random(in: 0..<disk.bytes.count - 5000, using: &random)
                        #expect(
                            try client.readBytes(at: offset, count: 5000)
                                == disk.bytes[offset..<offset + 5000])
                    }
                    try client.sendRead(at: Int.random(in: 0..<disk.bytes.count, using: &random), count: 1)
                } else {
                    try waitUntilRead(Int.random(in: 0...size + size / 2, using: &random), by: program)
                }
                usleep(UInt32.random(in: 0...150_000, using: &random))
                program.send(SIGKILL)
                _ = try program.wait()
                let info = try disk.vitrine("info", disk.xz.path)
                #expect(info.status == 0 && info.errors == "", "\(info.errors)")
                #expect(try !disk.vitrine("index", "--list").output.contains("unusable"))
                // Now and then from nothing again.
                if round % 4 == 3 {
                    for index in disk.indexes { try FileManager.default.removeItem(at: index) }
                }
            }
            try expectCompletion(disk)
        }
    }
}
