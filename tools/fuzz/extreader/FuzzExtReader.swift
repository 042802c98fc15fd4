import VitrineFiles
import VitrineFormats

/// Reads any bytes as what the process says that reads an ext4: all files are listed, and written to an archive.
func fuzzExtReader(_ bytes: [UInt8]) {
    guard let files = try? ExtFiles(MemorySource([UInt8](repeating: 1, count: 64 << 10)), Recording(bytes)),
        let tree = try? files.tree
    else { return }
    var written = 0
    let writer = TarWriter { bytes in
        written += bytes.count
        guard written < 1 << 20 else { throw Enough() }
    } report: { _, _ in
    }
    try? writer.add(tree.root, as: Array("./".utf8))
    _ = try? tree.file(at: "/a/../b/c")
    precondition((try? writer.finish()) == nil || written % 512 == 0)
}

private struct Enough: Error {}

/// What the process said. What it is told does not matter.
private final class Recording: ReaderChannel {
    private var rest: ArraySlice<UInt8>
    private(set) var isLost = false

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func send(_ bytes: [UInt8]) {}

    func receive(_ count: Int) throws(ImageError) -> [UInt8] {
        guard count <= rest.count else {
            isLost = true
            throw ImageError(.io, "it has ended")
        }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
