package import Foundation
import Glibc

/// The results of a program that has ended.
package struct ProgramResult: Sendable {
    /// Its exit status. 128 plus the signal's number if a signal ended it, as in shells.
    package let status: Int32
    package let data: Data
    /// Its standard error.
    package let errors: String

    /// Its standard output, as text.
    package var output: String { String(decoding: data, as: UTF8.self) }
}

/// A program that was started.
///
/// It has a cache folder of its own, which is removed with it. Its output goes to files without a name, so that it
/// never waits for a reader. It has a process group of its own, which is killed if the program takes too long or is let
/// go of.
package final class Program {
    package let id: Int32
    private let name: String
    private let output: NamelessFile
    private let errors: NamelessFile
    private let cache: URL
    /// Its exit status, in the form of `ProgramResult`. Nil while it runs.
    private var status: Int32?

    /// Its standard error so far.
    package var errorsSoFar: String { String(decoding: errors.contents, as: UTF8.self) }

    /// Starts `command`. `input` and `output` are its standard input and output, by default nothing and a file.
    package init(
        _ command: [String], input: FileHandle? = nil, output: FileHandle? = nil,
        environment: [String: String] = [:]
    ) throws {
        name = command.joined(separator: " ")
        self.output = try NamelessFile()
        errors = try NamelessFile()
        // FileHandle.nullDevice has no descriptor.
        let nothing = try FileHandle(forReadingFrom: URL(filePath: "/dev/null"))
        let handles = [input ?? nothing, output ?? self.output.writer, errors.writer]
        cache = FileManager.default.temporaryDirectory.appending(path: "vitrine-cache-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        let variables = ProcessInfo.processInfo.environment
            .merging(["XDG_CACHE_HOME": cache.path]) { $1 }.merging(environment) { $1 }
        // A handle closes its descriptor once it is let go of.
        id = try withExtendedLifetime(handles) {
            try spawn(command, variables, handles.map(\.fileDescriptor))
        }
    }

    deinit {
        if isRunning { kill(-id, SIGKILL) }
        try? FileManager.default.removeItem(at: cache)
    }

    package func send(_ signal: Int32) {
        kill(id, signal)
    }

    package var isRunning: Bool {
        var code: Int32 = 0
        if status == nil, unsafe waitpid(id, &code, WNOHANG) == id {
            // Swift does not import WIFSIGNALED and its like.
            status = code & 0x7F == 0 ? (code >> 8) & 0xFF : 128 + (code & 0x7F)
        }
        return status == nil
    }

    /// Waits until the program has ended. Throws if that takes too long.
    package func wait() throws -> ProgramResult {
        try until("\(name) ends", orSay: { self.errorsSoFar }) { isRunning ? nil : () }
        return ProgramResult(status: status ?? -1, data: output.contents, errors: errorsSoFar)
    }

    /// Waits for the first line that the program prints on standard output.
    package func firstLine() throws -> String {
        try until("\(name) prints a line", orSay: { self.errorsSoFar }) {
            if let end = output.contents.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: output.contents[..<end], as: UTF8.self)
            }
            guard isRunning else {
                throw TestFailure("\(name) ended instead of printing a line; it said: \(errorsSoFar)")
            }
            return nil
        }
    }
}

/// A file that has no name any more, and is removed once it is let go of.
private struct NamelessFile {
    let writer: FileHandle
    private let reader: FileHandle

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "vitrine-test-\(UUID().uuidString)")
        try Data().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        writer = try FileHandle(forWritingTo: url)
        reader = try FileHandle(forReadingFrom: url)
    }

    /// All bytes written so far.
    var contents: Data {
        try? reader.seek(toOffset: 0)
        return (try? reader.readToEnd()) ?? Data()
    }
}

/// Calls `body` again and again until it returns a value. Throws if that takes too long.
package func until<Result>(
    _ what: String, orSay details: () -> String = { "" }, _ body: () throws -> Result?
) throws -> Result {
    // 100 s: more than anything takes on a busy machine.
    for _ in 0..<20_000 {
        if let result = try body() { return result }
        usleep(5000)
    }
    throw TestFailure("waited in vain until \(what) \(details())")
}
