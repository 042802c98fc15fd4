import VitrineFormats

/// Looks for a file system on any disk, near and far. What is found must be printable claims, and no read may pass the limits.
///
/// The first two bytes are the size of the disk, in MiB and in sectors of 512 bytes. The rest are patches of a disk of zeroes: the offset
/// in 3 bytes, the length in one, and the bytes. So an input that has all superblocks of a file system is short.
func fuzzFileSystems(_ bytes: [UInt8]) {
    guard bytes.count > 2 else { return }
    let disk = PatchedDisk(
        size: UInt64(bytes[0]) << 20 | UInt64(bytes[1]) << 9, patches: bytes.dropFirst(2))
    for readsFar in [false, true] {
        disk.forget()
        guard let system = try? FileSystem.read(disk, readsFar: readsFar) else { continue }
        precondition(!system.kind.isEmpty)
        if let used = system.used, let size = system.size { precondition(used <= size, "\(system)") }
        precondition(disk.read <= 1_200_000, "\(disk.read) bytes were read")
    }
}

/// A disk of zeroes, but for some patches.
private final class PatchedDisk: Source, @unchecked Sendable {
    let size: UInt64
    private let patches: [(range: Range<Int>, bytes: [UInt8])]
    /// The number of bytes that were read. @unchecked: one thread reads.
    private(set) var read = 0

    init(size: UInt64, patches: ArraySlice<UInt8>) {
        self.size = size
        var rest = patches
        var found: [(Range<Int>, [UInt8])] = []
        while rest.count > 4, found.count < 256 {
            let header = Array(rest.prefix(4))
            let offset = Int(header[0]) | Int(header[1]) << 8 | Int(header[2]) << 16
            let data = Array(rest.dropFirst(4).prefix(Int(header[3])))
            found.append((offset..<offset + data.count, data))
            rest = rest.dropFirst(4 + data.count)
        }
        self.patches = found
    }

    func forget() { read = 0 }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        read += buffer.count
        buffer.fillZeroes(buffer.count, at: 0)
        guard offset < 1 << 25 else { return }
        let wanted = Int(offset)..<Int(offset) + buffer.count
        for (range, bytes) in patches {
            let part = range.clamped(to: wanted)
            guard !part.isEmpty else { continue }
            buffer.copy(
                bytes, from: part.lowerBound - range.lowerBound, count: part.count,
                to: part.lowerBound - wanted.lowerBound)
        }
    }
}
