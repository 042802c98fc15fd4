import Foundation
import Testing
import TestSupport

/// Runs the program under test, as it was built.
enum Vitrine {
    static func path() throws -> String { try builtProgram("vitrine") }

    /// Runs the program to its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> ProgramResult {
        try Program([path()] + arguments, environment: environment).wait()
    }
}

/// A server that is running.
struct RunningServer {
    let program: Program
    /// The line that the server printed when it was ready.
    let uri: String
    let folder: URL

    /// The socket, if the server listens on one of ours.
    var socket: URL { folder.appending(path: "socket") }

    /// The port, if the server listens on one.
    var port: Int {
        get throws { try #require(URLComponents(string: uri)?.port) }
    }

    /// The URI of the export called `name`.
    func uri(of name: String) -> String { uri.replacing("///", with: "///\(name)") }

    /// A client that has connected to the socket and said nothing yet.
    func client() throws -> WireClient { try WireClient(unixSocket: socket.path) }

    /// The size of the export called `name`, as clients are told.
    func size(of name: String = "") throws -> Int { try Int(client().enter(name)) }

    /// The most memory the server has had so far, in bytes.
    func peakMemory() throws -> Int {
        let status = try String(contentsOf: URL(filePath: "/proc/\(program.id)/status"), encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber))) << 10
    }

    /// Waits until the server has said `text` on standard error.
    func said(_ text: String) throws {
        try until("the server says \"\(text)\"") { program.errorsSoFar.contains(text) ? () : nil }
    }
}

/// True if `process` runs. A process that has ended may stay in the table until someone asks for its status.
func isRunning(_ process: Int32) -> Bool {
    guard let status = try? String(contentsOf: URL(filePath: "/proc/\(process)/stat"), encoding: .utf8),
        let state = status.split(separator: ")").last?.split(separator: " ").first
    else { return false }
    return state != "Z"
}

/// Runs `body` while `vitrine serve` serves `image`, on a Unix socket unless `arguments` say otherwise. Then ends the
/// server with SIGTERM, and expects it to end well and leave no socket.
@discardableResult
func withServer<Result>(
    _ image: URL, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation,
    body: (RunningServer) throws -> Result
) throws -> Result {
    try withServer(image, arguments, environment: [:], sourceLocation: sourceLocation, body: body)
}

/// Does the same with variables in the server's `environment`.
@discardableResult
func withServer<Result>(
    _ image: URL, _ arguments: [String], environment: [String: String],
    sourceLocation: SourceLocation = #_sourceLocation, body: (RunningServer) throws -> Result
) throws -> Result {
    try withTemporaryFolder { folder in
        let place =
            arguments.contains { ["-p", "-i", "-U"].contains($0) } ? [] : ["-U", folder.path + "/socket"]
        let program = try Program(
            [Vitrine.path(), "serve", image.path] + place + arguments, environment: environment)
        let server = RunningServer(program: program, uri: try program.firstLine(), folder: folder)
        let result = try body(server)
        #expect(program.isRunning, "the server ended on its own", sourceLocation: sourceLocation)
        program.send(SIGTERM)
        let status = try program.wait().status
        #expect(status == 0, "the server said: \(program.errorsSoFar)", sourceLocation: sourceLocation)
        #expect(!server.socket.exists, "the server left its socket", sourceLocation: sourceLocation)
        return result
    }
}
