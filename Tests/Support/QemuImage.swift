package import Foundation

/// An image that qemu's programs make and read.
package struct QemuImage: Sendable {
    /// An entry of `qemu-img map`.
    package struct MapEntry: Decodable, Sendable {
        package var start: UInt64
        package var length: UInt64
        /// The level of the file: 0 for the image itself, 1 for its backing file, and so on.
        package var depth: Int
        package var present: Bool
        package var zero: Bool
        package var data: Bool
    }

    package let url: URL
    package let format: String

    /// The image at `url`.
    package init(_ url: URL, format: String = "qcow2") {
        self.url = url
        self.format = format
    }

    /// Makes a new image of `size` bytes. `arguments` go to `qemu-img create`.
    package static func create(
        _ url: URL, format: String = "qcow2", size: UInt64? = nil, _ arguments: [String] = []
    ) throws -> QemuImage {
        try require(
            Tool.qemuImg.run(
                ["create", "-q", "-f", format] + arguments + [url.path] + (size.map { ["\($0)"] } ?? [])))
        return QemuImage(url, format: format)
    }

    /// Makes a new image with the content of the image `source`. `arguments` go to `qemu-img convert`.
    package static func convert(
        _ source: URL, from: String = "raw", to url: URL, format: String = "qcow2", _ arguments: [String] = []
    ) throws -> QemuImage {
        try require(
            Tool.qemuImg.run(
                ["convert", "-f", from, "-O", format] + arguments + [source.path, url.path]))
        return QemuImage(url, format: format)
    }

    /// Runs `commands` in qemu-io.
    package func io(_ commands: [String]) throws {
        // Without any, qemu-io would ask for them.
        guard !commands.isEmpty else { return }
        try Self.require(
            Tool.qemuIO.run(["-f", format] + commands.flatMap { ["-c", $0] } + [url.path]))
    }

    /// Runs `qemu-img` with `arguments`, then the image's path and `more`.
    package func img(_ arguments: [String], _ more: [String] = []) throws {
        try Self.require(Tool.qemuImg.run(arguments + [url.path] + more))
    }

    /// The disk inside, as qemu reads it. `arguments` go to `qemu-img convert`.
    package func content(_ arguments: [String] = []) throws -> [UInt8] {
        let raw = url.appendingPathExtension("content-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: raw) }
        try Self.require(
            Tool.qemuImg.run(
                ["convert", "-f", format, "-O", "raw"] + arguments + [url.path, raw.path]))
        return try Array(Data(contentsOf: raw))
    }

    /// The extents that `qemu-img map` reports.
    package func map() throws -> [MapEntry] {
        let result = try Tool.qemuImg.run(["map", "-f", format, "--output=json", url.path])
        try Self.require(result)
        return try JSONDecoder().decode([MapEntry].self, from: result.data)
    }

    /// An extent that qemu-nbd reports.
    package struct Context: Decodable, Sendable {
        package var offset: UInt64
        package var length: UInt64
        package var type: Int

        package init(offset: UInt64, length: UInt64, type: Int) {
            (self.offset, self.length, self.type) = (offset, length, type)
        }
    }

    /// The extents that qemu-nbd, started with `arguments`, reports in the meta context `name`.
    package func context(_ name: String, _ arguments: [String]) throws -> [Context] {
        let result = try Tool.nbdinfo.run(
            ["--json", "--map=\(name)", "--", "[", "qemu-nbd", "-r", "-f", format] + arguments + [
                url.path, "]",
            ])
        try Self.require(result)
        return try JSONDecoder().decode([Context].self, from: result.data)
    }

    private static func require(_ result: ProgramResult) throws {
        guard result.status == 0 else { throw TestFailure("\(result.output)\(result.errors)") }
    }
}
