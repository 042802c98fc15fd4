import Foundation
import Testing
import TestSupport

/// Indexes an image, and serves it with the result.
@Suite(.needs(.xz))
struct IndexUseTests {
    private func withDisk(_ body: (SeekDisk, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in try body(SeekDisk(in: folder), folder) }
    }

    /// Reads the whole disk, in pieces from the end to the start.
    private func expectContent(_ bytes: Data, from server: RunningServer) throws {
        let client = try server.client()
        #expect(try client.enter() == UInt64(bytes.count))
        for start in stride(from: 0, to: bytes.count, by: 1_000_000).reversed() {
            let range = start..<min(bytes.count, start + 1_000_000)
            #expect(try client.readBytes(at: start, count: range.count) == bytes[range], "at \(start)")
        }
    }

    @Test func indexedImageIsServed() throws {
        try withDisk { disk, _ in
            let built = try disk.vitrine("index", "--memory", SeekDisk.memory, disk.xz.path)
            #expect(built.status == 0, "\(built.errors)")
            #expect(built.output.hasPrefix("\(disk.xz.path): "))
            #expect(disk.indexes.count == 1)
            let info = try disk.vitrine("info", disk.xz.path)
            #expect(info.output.contains("complete, "), "\(info.output)")
            let index = try Data(contentsOf: try #require(disk.indexes.first))
            try disk.serve { try expectContent(disk.bytes, from: $0) }
            #expect(try Data(contentsOf: try #require(disk.indexes.first)) == index)
            let verified = try disk.vitrine("index", "--verify", disk.xz.path)
            #expect(verified.status == 0, "\(verified.errors)")
            #expect(verified.output.contains(": already indexed: "))
            #expect(verified.output.contains(": OK: "))
        }
    }

    @Test func servingIndexesToo() throws {
        try withDisk { disk, _ in
            try disk.serve { server in
                try expectContent(disk.bytes, from: server)
                #expect(server.program.errorsSoFar == "")
            }
            let verified = try disk.vitrine("index", "--verify", disk.xz.path)
            #expect(verified.output.contains(": OK: "), "\(verified.output) \(verified.errors)")
        }
    }

    @Test(.needs(.nbdcopy)) func nbdcopyGetsTheContent() throws {
        try withDisk { disk, folder in
            _ = try disk.vitrine("index", disk.xz.path)
            try disk.serve { server in
                let copy = folder.appending(path: "copy")
                let result = try Tool.nbdcopy.run(server.uri, copy.path)
                #expect(result.status == 0, "\(result.errors)")
                #expect(try Data(contentsOf: copy) == disk.bytes)
            }
        }
    }

    @Test func indexBesidesTheImage() throws {
        try withDisk { disk, folder in
            let sidecar = folder.appending(path: "disk.sidx").path
            let built = try disk.vitrine("index", disk.xz.path, "--output", sidecar)
            #expect(built.status == 0, "\(built.errors)")
            #expect(disk.indexes.isEmpty)
            #expect(try disk.vitrine("info", "--index", sidecar, disk.xz.path).output.contains("complete, "))
            try disk.serve("--index", sidecar) { try expectContent(disk.bytes, from: $0) }
            #expect(disk.indexes.isEmpty)
        }
    }

    @Test func noIndexIsKeptWhereNoneIsWanted() throws {
        try withDisk { disk, folder in
            try disk.serve("--no-index") { try expectContent(disk.bytes, from: $0) }
            _ = try disk.vitrine("info", "--no-index", disk.xz.path)
            let copy = folder.appending(path: "copy")
            #expect(try disk.vitrine("copy", "-q", "--no-index", disk.xz.path, copy.path).status == 0)
            #expect(try Data(contentsOf: copy) == disk.bytes)
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.cache.path) == [])
        }
    }

    @Test func cacheIsListedAndPruned() throws {
        try withDisk { disk, _ in
            #expect(try disk.vitrine("index", "--list").output.hasSuffix(": no indexes\n"))
            _ = try disk.vitrine("index", disk.xz.path)
            let list = try disk.vitrine("index", "--list").output
            #expect(list.contains("vitrine: 1 index, "), "\(list)")
            #expect(list.contains(" complete ") && list.contains("disk.raw.xz"), "\(list)")
            #expect(try disk.vitrine("index", "--prune").output.hasPrefix("removed 0 indexes, "))
            #expect(
                try disk.vitrine("index", "--prune", "--limit", "0").output.hasPrefix("removed 1 index, "))
            #expect(disk.indexes.isEmpty)
            #expect(try disk.vitrine("index", "--list").output.hasSuffix(": no indexes\n"))
        }
    }

    @Test func twoServersWithOneCache() throws {
        try withDisk { disk, _ in
            try disk.serve { first in
                try disk.serve { second in
                    let clients = try [first.client(), second.client()]
                    for client in clients { try client.enter() }
                    for start in stride(from: 0, to: disk.bytes.count - 500_000, by: 500_000) {
                        for client in clients { try client.sendRead(at: start, count: 500_000) }
                        for client in clients {
                            var bytes = Data()
                            while let chunk = try client.chunk() {
                                let isHole = chunk.type == WireClient.Chunk.offsetHole
                                bytes +=
                                    isHole
                                    ? Data(count: Int(number(chunk.payload[8...])))
                                    : Data(chunk.payload[8...])
                                if chunk.isLast { break }
                            }
                            #expect(bytes == disk.bytes[start..<start + 500_000], "at \(start)")
                        }
                    }
                    for server in [first, second] { #expect(server.program.errorsSoFar == "") }
                }
            }
            let verified = try disk.vitrine("index", "--verify", disk.xz.path)
            #expect(verified.output.contains(": OK: "), "\(verified.output) \(verified.errors)")
        }
    }

    @Test func cacheThatCannotBeMadeIsAWarning() throws {
        try withDisk { disk, folder in
            try FileManager.default.removeItem(at: disk.cache)
            _ = try folder.file("cache", "in the way")
            try disk.serve { server in
                try expectContent(disk.bytes, from: server)
                #expect(server.program.errorsSoFar.split(separator: "\n").count <= 1)
            }
            let result = try disk.vitrine("index", disk.xz.path)
            #expect(result.status == 1)
            #expect(result.errors.contains("cache"), "\(result.errors)")
        }
    }

    @Test func copyWithAnIndexAndWithout() throws {
        try withDisk { disk, folder in
            for name in ["first", "second"] {
                let copy = folder.appending(path: name)
                let result = try disk.vitrine(
                    "copy", "-q", "--memory", SeekDisk.memory, disk.xz.path, copy.path)
                #expect(result.status == 0, "\(result.errors)")
                #expect(try Data(contentsOf: copy) == disk.bytes)
            }
            #expect(disk.indexes.count == 1)
        }
    }
}
