import FoundationEssentials
import TestSupport
import Testing

@testable import VitrineFormats

@Suite struct SourceTests {
    /// Runs `body` with the path of a new folder, and removes it.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vitrine-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func rangesAreCheckedAtTheDoor() throws {
        let source = MemorySource([1, 2, 3, 4])
        #expect(try source.bytes(at: 1, count: 3) == [2, 3, 4])
        #expect(try source.bytes(at: 4, count: 0) == [])
        for (offset, count) in [(UInt64(4), 1), (2, 3), (5, 0), (.max, 1), (.max - 1, 4), (0, -1), (0, .max)]
        {
            let error = #expect(throws: ImageError.self) { try source.bytes(at: offset, count: count) }
            #expect(error?.code == .outOfRange)
        }
    }

    @Test func aSliceIsAWindow() throws {
        let base = ObservedSource((0..<200).map { UInt8($0) }, holes: [120..<150])
        let slice = try Slice(base, 100..<180)
        #expect(slice.size == 80)
        #expect(try slice.bytes(at: 10, count: 3) == [110, 111, 112])
        #expect(throws: ImageError.self) { try slice.bytes(at: 79, count: 2) }
        #expect(try slice.extent(in: 0..<80) == Extent(0..<20, .data))
        #expect(try slice.extent(in: 20..<80) == Extent(20..<50, .hole))
        #expect(try slice.extent(in: 30..<40, mayWait: false) == Extent(30..<40, .hole))
        try slice.prefetch(0..<80)
        #expect(base.prefetched == [100..<180])
        #expect(throws: ImageError.self) { try Slice(base, 100..<201) }
    }

    @Test func aFileIsReadAndItsHolesAreKnown() throws {
        try withFolder { folder in
            let path = folder.appending(path: "sparse.raw").path
            // Data, a hole of 16 MiB, data.
            var content = Data(repeating: 0x11, count: 1 << 20)
            try content.write(to: URL(filePath: path))
            let handle = try #require(FileHandleForTests(path))
            handle.write([UInt8](repeating: 0x22, count: 1 << 20), at: 17 << 20)
            content.removeAll()

            let file = try FileSource(path: path)
            #expect(file.size == 18 << 20)
            #expect(try file.bytes(at: (1 << 20) - 1, count: 2) == [0x11, 0])
            #expect(try file.bytes(at: 17 << 20, count: 1) == [0x22])
            let first = try file.extent(in: 0..<file.size)
            #expect(first.range.lowerBound == 0 && first.kind == .data)
            var kinds: [Extent.Kind] = []
            var position: UInt64 = 0
            while position < file.size {
                let extent = try file.extent(in: position..<file.size)
                #expect(extent.range.lowerBound == position && !extent.range.isEmpty)
                kinds.append(extent.kind)
                position = extent.range.upperBound
            }
            #expect(kinds == [.data, .hole, .data])

            // What a file loses while it is open is an error, not zeroes.
            handle.truncate(to: 1 << 20)
            let error = #expect(throws: ImageError.self) { try file.bytes(at: (1 << 20) - 1, count: 2) }
            #expect(
                error?.description
                    == "nothing is left at 1048576 of the file, which held 18874368 bytes when it was opened")
            #expect(try file.extent(in: 2 << 20..<file.size).kind == .data)
        }
    }

    @Test func whatIsNoFileIsRefused() throws {
        try withFolder { folder in
            let missing = #expect(throws: ImageError.self) { try FileSource(path: folder.path + "/nothing") }
            #expect(missing?.description == "No such file or directory")
            #expect(missing?.code == .io)
            let directory = #expect(throws: ImageError.self) { try FileSource(path: folder.path) }
            #expect(directory?.description == "is a directory, not a disk image")
            let device = #expect(throws: ImageError.self) { try FileSource(path: "/dev/null") }
            #expect(device?.description == "is neither a file nor a block device")
        }
    }

    @Test func sizesReadWell() {
        let texts = [0, 1, 1023, 1024, 1536, 1_048_575, 1 << 20, 2 << 30, .max].map { byteCount($0) }
        #expect(
            texts == [
                "0 bytes", "1 byte", "1023 bytes", "1 KiB", "1.5 KiB", "1 MiB", "1 MiB", "2 GiB", "16 EiB",
            ])
    }

    @Test func textFromImagesIsShownHarmless() {
        #expect(printable("root\u{1B}[2J\nä\u{202E}x") == "root\\u{1B}[2J\\u{A}ä\\u{202E}x")
    }
}
