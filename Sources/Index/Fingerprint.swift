package import VitrineFormats

/// A digest that tells one image from another, made without reading all of it.
///
/// SHA-256 over the layer's format, the size, the first and last 64 KiB, 16 samples of 4 KiB between them, and a digest from the
/// format: for an .xz file, the sizes and the checks of its blocks. The last check lies in the last 64 KiB anyway.
///
/// It cannot tell apart two files of the same size that differ only in places that are neither read nor covered by a check: .xz
/// files without checks (`xz --check=none`), with more than 4096 blocks (4096 checks are read), or whose check was not made anew
/// when the data changed, as damage does not; and files in other formats. An index is therefore used as if it might be
/// another image's: what it leads to is compared with its hashes.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    private static let ends: UInt64 = 64 << 10
    private static let samples: UInt64 = 16
    private static let sampleSize: UInt64 = 4 << 10

    /// The fingerprint of `file`, which is in the format `format`, such as `xz`. `digest` holds what the format knows of the file and
    /// tells it from others.
    ///
    /// Throws what reading the file throws.
    package init(of file: any Source, format: String, digest: [UInt8] = []) throws(ImageError) {
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
        hash.update(digest.span)
        bytes = hash.digest()
    }

    /// The fingerprint of the layer of `format` that is `depth` layers below the outermost. It follows from `outermost`, the
    /// fingerprint of the outermost layer's file, so nothing needs decoding.
    package init(of format: String, depth: Int, in outermost: Fingerprint) {
        var hash = SHA256()
        hash.update(outermost.bytes.span)
        let layer = Array("layer \(depth) \(format)\n".utf8)
        hash.update(layer.span)
        bytes = hash.digest()
    }

    /// The fingerprint with these bytes. Nil unless there are 32.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == SHA256.count else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads a fingerprint from its `description`. Nil if `text` is none.
    init?(_ text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * SHA256.count else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16)
            else {
                return nil
            }
            bytes.append(byte)
        }
        self.bytes = bytes
        // The number parser also takes upper case and signs, which no fingerprint has.
        guard description.utf8.elementsEqual(digits) else { return nil }
    }

    /// The ranges that are read of a file of `size` bytes: all of a small one.
    static func ranges(_ size: UInt64) -> [Range<UInt64>] {
        guard size > 2 * ends + samples * sampleSize else { return [0..<size] }
        let stretch = size - 2 * ends - sampleSize
        // Divided first: the product of a hostile size would overflow.
        let middle = (0..<samples).map { ends + stretch / (samples - 1) * $0 }
        return [0..<ends] + middle.map { $0..<$0 + sampleSize } + [size - ends..<size]
    }

    /// 64 hexadecimal digits.
    public var description: String {
        hex(bytes, separator: "")
    }
}
