import Foundation
import TestSupport
import Testing

/// A disk in one block of .xz with several spans: noise, zeroes, text, and copies of noise from far back.
struct SeekDisk {
    /// The server's memory: 12 MiB are more than it decodes whole with this.
    static let memory = "64M"

    let bytes: Data
    let xz: URL
    /// A folder for the user's cache, and the environment variable that names it.
    let cache: URL

    var environment: [String: String] { ["XDG_CACHE_HOME": cache.path] }

    /// The seek indexes in the cache.
    var indexes: [URL] {
        let folder = cache.appending(path: "vitrine")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".sidx") }.sorted().map { folder.appending(path: $0) }
    }

    /// Creates a copy in `folder` of the disk that tests share, with a cache of its own.
    init(in folder: URL) throws {
        let made = try Self.made.get()
        bytes = made.bytes
        xz = folder.appending(path: "disk.raw.xz")
        cache = folder.appending(path: "cache")
        try made.compressed.write(to: xz)
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    }

    private static let made = Result { () throws -> (bytes: Data, compressed: Data) in
        let bytes = content(seed: 61)
        return (bytes, try compress(bytes))
    }

    /// The content. Each seed gives another.
    static func content(seed: UInt64) -> Data {
        var generator = SeededGenerator(seed: seed)
        func noise(_ count: Int) -> Data { Data((0..<count / 8).flatMap { _ in big(generator.next()) }) }
        var bytes = noise(5 << 20)
        bytes += Data(count: 3 << 19)
        bytes += noise(5 << 20)
        bytes += bytes[(4 << 20) + 1000..<5 << 20]
        bytes += Data(String(repeating: "Lorem ipsum, 32 bytes of them. \n", count: 9000).utf8)
        bytes += bytes[6_000_000..<6_400_000]
        return bytes + Data(count: 100_000 + (512 - (bytes.count + 100_000) % 512) % 512)
    }

    /// Compresses `bytes` into one block. `options` are for xz.
    static func compress(
        _ bytes: Data, _ options: [String] = ["--lzma2=preset=0,dict=8MiB"]
    ) throws -> Data {
        try withTemporaryFolder { folder in
            let raw = try folder.file("raw", bytes)
            let result = try Tool.xz.run(["-T1", "-k"] + options + [raw.path])
            guard result.status == 0 else { throw TestFailure("xz: \(result.errors)") }
            return try Data(contentsOf: folder.appending(path: "raw.xz"))
        }
    }

    /// Runs `vitrine` with the cache.
    func vitrine(_ arguments: String...) throws -> ProgramResult {
        try Program([Vitrine.path()] + arguments, environment: environment).wait()
    }

    /// Serves the disk with the cache, and little memory.
    func serve(_ arguments: String..., body: (RunningServer) throws -> Void) throws {
        try withServer(
            xz, ["--memory", Self.memory] + arguments, environment: environment, body: body)
    }
}

extension WireClient {
    /// The result of a read: the bytes, or nil and the error's text.
    func tryReading(at offset: Int, count: Int) throws -> (bytes: Data?, error: String) {
        try sendRead(at: offset, count: count)
        var bytes = Data(count: count)
        var error = ""
        while let chunk = try chunk() {
            let start =
                chunk.payload.count >= 8 ? Int(truncatingIfNeeded: number(chunk.payload[..<8])) - offset : 0
            switch chunk.type {
            case Chunk.offsetData:
                bytes.replaceSubrange(start..<start + chunk.payload.count - 8, with: chunk.payload[8...])
            case Chunk.offsetHole: break
            case Chunk.errorOffset:
                error = String(decoding: chunk.payload.dropFirst(6).dropLast(8), as: UTF8.self)
            default: throw MalformedReply(header: chunk.payload)
            }
            if chunk.isLast { return (error.isEmpty ? bytes : nil, error) }
        }
        throw TestFailure("the server closed the connection")
    }
}
