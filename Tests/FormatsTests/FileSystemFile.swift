import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// A file with a file system that another program made.
struct FileSystemFile {
    let url: URL

    /// Makes one of `size` bytes with `tool`. Among its arguments, FILE stands for the path of the file, and FOLDER for that of a folder
    /// with a file in it. A size of 0 leaves it to the tool to make the file.
    init(in folder: URL, _ tool: Tool, size: UInt64, _ arguments: [String]) throws {
        url = folder.appending(path: "disk.img")
        let content = folder.appending(path: "content", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: content, withIntermediateDirectories: true)
        try Data("some text".utf8).write(to: content.appending(path: "file"))
        if size > 0 {
            try Data().write(to: url)
            let handle = try FileHandle(forWritingTo: url)
            try handle.truncate(atOffset: size)
            try handle.close()
        }
        let path = url.path
        let result = try tool.run(
            arguments.map {
                $0.replacing("FILE", with: path).replacing("FOLDER", with: content.path)
            })
        guard result.status == 0 else { throw TestFailure("\(tool.name): \(result.errors)") }
    }

    /// Makes one of `bytes`.
    init(in folder: URL, _ bytes: [UInt8]) throws {
        url = try folder.file("disk.img", Data(bytes))
    }

    /// The 32-bit little-endian integer at `offset`.
    func word(at offset: UInt64) throws -> UInt64 {
        let fields = Fields(try FileSource(path: url.path).bytes(at: offset, count: 4), at: offset)
        return UInt64(try fields.little("word", at: 0, as: UInt32.self))
    }

    /// Changes the `bytes` at `offset`.
    func write(_ bytes: [UInt8], at offset: UInt64) throws {
        let handle = try FileHandle(forUpdating: url)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    func read(far: Bool = true) throws -> FileSystem {
        try #require(try FileSystem.read(FileSource(path: url.path), readsFar: far))
    }

    /// The file system, after comparing it with what blkid tells.
    func compared() throws -> FileSystem {
        let result = try Tool.blkid.run("-p", "-o", "export", url.path)
        var values: [Substring: String] = [:]
        for line in result.output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            // blkid escapes all but letters and digits.
            if parts.count == 2 { values[parts[0]] = String(parts[1]).replacing("\\", with: "") }
        }
        let found = try read()
        #expect(found.kind == values["TYPE"])
        #expect(found.label == values["LABEL"])
        #expect(found.uuid == values["UUID"])
        #expect(found.rivals == [])
        #expect(try read(far: false).kind == found.kind)
        return found
    }
}
