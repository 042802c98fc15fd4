package import VitrineFormats

/// What tells one image from another, without reading all of it.
///
/// SHA-256 over the layer's format, the size, the first and last 64 KiB, and 16 samples of 4 KiB
/// between them. For .xz files the end holds the index with the sizes of all blocks, so files with
/// the same fingerprint and different content do not come about by accident.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    private static let ends: UInt64 = 64 << 10
    private static let samples: UInt64 = 16
    private static let sampleSize: UInt64 = 4 << 10

    /// The fingerprint of `file`, which is in the format `format`, such as `xz`.
    ///
    /// Throws what reading the file throws.
    package init(of file: any Source, format: String) throws(ImageError) {
        var hash = SHA256()
        var head = Array("vitrine \(format)\n".utf8)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            head.append(UInt8(truncatingIfNeeded: file.size >> shift))
        }
        hash.update(head.span)
        for range in Self.ranges(file.size) {
            let bytes = try file.bytes(at: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
            hash.update(bytes.span)
        }
        bytes = hash.digest()
    }

    /// What is read of a file of `size` bytes: all of a small one.
    static func ranges(_ size: UInt64) -> [Range<UInt64>] {
        guard size > 2 * ends + samples * sampleSize else { return [0..<size] }
        let stretch = size - 2 * ends - sampleSize
        // Divided first: the product of a hostile size would overflow.
        let middle = (0..<samples).map { ends + stretch / (samples - 1) * $0 }
        return [0..<ends] + middle.map { $0..<$0 + sampleSize } + [size - ends..<size]
    }

    /// 64 hexadecimal digits.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
