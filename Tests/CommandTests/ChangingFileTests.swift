import Foundation
import Glibc
import Testing
import TestSupport

/// Image files that change while they are served. Data that is gone cannot be read, and nothing worse happens.
@Suite(.needs(.sfdisk, .xz, .qemuImg))
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

    @Test func fileThatIsWrittenToIsSaidOnce() throws {
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            let file = try folder.file("disk.raw", Data(disk.bytes))
            try withServer(file) { server in
                let handle = try FileHandle(forWritingTo: file)
                try handle.write(contentsOf: Data([1]))
                let text = "disk.raw has been written to since it was opened"
                try server.said(text)
                try handle.write(contentsOf: Data([2]))
                try handle.close()
                // For longer than it takes to look again.
                Thread.sleep(forTimeInterval: 3)
                #expect(server.program.errorsSoFar.ranges(of: text).count == 1)
            }
        }
    }

    /// Locks bytes as qemu does: 100 for its permission to read consistently, 101 to write, 103 to resize.
    @Test(arguments: [(100, false), (101, true), (102, false), (103, true)])
    func fileThatIsInUseIsWarnedOf(_ byte: Int, _ isInUse: Bool) throws {
        try withTemporaryFolder { folder in
            let file = try folder.file("base.raw", Data(count: 1 << 20))
            let overlay = folder.appending(path: "overlay.qcow2").path
            _ = try Tool.qemuImg.run([
                "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.raw", overlay,
            ])
            let handle = try FileHandle(forUpdating: file)
            defer { try? handle.close() }
            var lock = flock(
                l_type: Int16(F_RDLCK), l_whence: Int16(SEEK_SET), l_start: byte, l_len: 1, l_pid: 0)
            let setOFDLock: Int32 = 37  // F_OFD_SETLK, which Glibc's module does not show.
            try #require(unsafe fcntl(handle.fileDescriptor, setOFDLock, &lock) == 0)

            let text = "is in use: another program, such as qemu, has it open for writing"
            let info = try Vitrine.run("info", file.path)
            #expect(info.status == 0)
            #expect(info.errors.contains("base.raw \(text)") == isInUse)
            let copy = try Vitrine.run("copy", "-q", overlay, folder.path + "/out")
            #expect(copy.status == 0)
            #expect(copy.errors.contains("backing file \"base.raw\" \(text)") == isInUse)
            try withServer(file) { server in
                #expect(server.program.errorsSoFar.contains("base.raw \(text)") == isInUse)
            }
        }
    }
}
