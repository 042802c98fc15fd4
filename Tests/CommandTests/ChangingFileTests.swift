import Foundation
import Glibc
import Testing
import TestSupport

/// Image files that change while they are served: what is gone cannot be read, and nothing worse.
@Suite(.needs(.sfdisk, .xz), .timeLimit(.minutes(10)))
struct ChangingFileTests {
    @Test(arguments: TestDisk.Form.allCases)
    func fileThatShrinksIsReadableAsFarAsItGoes(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            let bytes = try Data(contentsOf: disk.file(form))
            let file = try folder.file("disk", bytes)
            try withServer(file) { server in
                // Of the .xz, this leaves the first block, and a part of the second.
                try #require(unsafe truncate(file.path, off_t(bytes.count / 2)) == 0)
                let client = try server.client()
                try client.enter()
                #expect(try client.readBytes(at: 0, count: 1 << 20) == disk.bytes[..<(1 << 20)])

                try client.sendRead(at: 10 << 20, count: 4096)
                let chunk = try #require(try client.chunk())
                #expect(chunk.type == WireClient.Chunk.errorOffset)
                #expect(number(chunk.payload[..<4]) == 5, "EIO")
                try server.said("of the file, which held \(bytes.count) bytes when it was opened\n")

                #expect(try client.readBytes(at: 0, count: 1 << 20) == disk.bytes[..<(1 << 20)])
            }
        }
    }

    @Test func fileThatIsRemovedStaysReadable() throws {
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            let file = try folder.file("disk.raw.xz", Data(contentsOf: disk.xz))
            try withServer(file) { server in
                try FileManager.default.removeItem(at: file)
                let client = try server.client()
                try client.enter()
                #expect(try client.readBytes(at: 0, count: TestDisk.size) == disk.bytes)
            }
        }
    }

    @Test func blockThatIsOverwrittenIsNotServed() throws {
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            let bytes = try Data(contentsOf: disk.xz)
            let file = try folder.file("disk.raw.xz", bytes)
            try withServer(file) { server in
                let handle = try FileHandle(forWritingTo: file)
                // In the noise of block 2, which xz stores as it is.
                try handle.seek(toOffset: 500_000)
                try handle.write(contentsOf: bytes[500_000..<500_100].reversed().map { ~$0 })
                try handle.close()
                let client = try server.client()
                try client.enter()
                // Of a block that had been indexed by then, what comes before the change is still what it was.
                #expect(throws: WireClient.MalformedReply.self) {
                    try client.readBytes(at: 1 << 20, count: 1 << 20)
                }
                try server.said("xz: block 2 at ")
            }
        }
    }
}
