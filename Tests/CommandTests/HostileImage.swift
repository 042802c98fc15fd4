import Foundation
import TestSupport

/// A small qcow2 image of 32 KiB without data, with clusters of 512 bytes, that tests change byte by byte.
struct HostileImage {
    /// The size of the disk, in bytes.
    static let size = 32_768

    private(set) var bytes: Data

    init() throws {
        bytes = try Data(contentsOf: CorpusFile.root.appending(path: "corpus/good-qcow2-nothing.qcow2"))
        put(big(UInt64(Self.size)), at: 24)
    }

    /// Creates an image with a backing file, which it says is of `format`.
    init(backing name: String, format: String = "qcow2") throws {
        try self.init()
        let offset = 512 - name.utf8.count
        put(big(UInt64(offset)) + big(UInt32(name.utf8.count)), at: 8)
        put(Array(name.utf8), at: offset)
        putExtension(0xE279_2ACA, Array(format.utf8))
    }

    /// Creates an image with its data in another file.
    init(dataFile name: String) throws {
        try self.init()
        put(big(UInt64(1 << 2)), at: 72)
        putExtension(0x4441_5441, Array(name.utf8))
    }

    /// Writes `new` at `offset`, extending the image with zeroes if necessary.
    mutating func put(_ new: [UInt8], at offset: Int) {
        if bytes.count < offset + new.count { bytes.count = offset + new.count }
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    /// Makes this the only header extension.
    mutating func putExtension(_ type: UInt32, _ data: [UInt8]) {
        let padding = [UInt8](repeating: 0, count: (8 - data.count % 8) % 8 + 8)
        put(big(type) + big(UInt32(data.count)) + data + padding, at: 112)
    }

    /// Writes the image to a file called `name` in `folder`, `size` bytes long. Parts without data are holes.
    func write(_ name: String, in folder: URL, size: Int? = nil) throws -> URL {
        let url = try folder.file(name, bytes)
        if let size { try FileHandle(forWritingTo: url).truncate(atOffset: UInt64(size)) }
        return url
    }
}
