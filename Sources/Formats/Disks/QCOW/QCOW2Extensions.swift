/// The header extensions of a qcow2 image (docs/interop/qcow2.txt, "Header extensions").
///
/// Each is a type and a length of 4 bytes, big-endian, and data padded to 8 bytes. They end with type 0, at the name of
/// the backing file, or at the end of the first cluster.
struct QCOW2Extensions: Sendable {
    private enum Kind: UInt32 {
        case end = 0
        case backingFormat = 0xE279_2ACA
        case featureNames = 0x6803_F857
        case bitmaps = 0x2385_2875
        case crypto = 0x0537_BE77
        case dataFile = 0x4441_5441
    }

    /// The largest length of a format's name in bytes, qemu's limit.
    private static let maximumFormat = 15

    /// The format of the backing file. Nil if it is not recorded.
    private(set) var backingFormat: String?

    private(set) var featureNames = QCOW2FeatureNames()

    /// The location of the list of bitmaps.
    private(set) var bitmaps: QCOW2BitmapDirectory?

    /// The range of the encryption header in the file.
    private(set) var crypto: Range<UInt64>?

    /// The name of the external data file.
    private(set) var dataFileName: [UInt8]?

    /// Reads the extensions of `file`, which starts with `header`.
    init(_ file: any Source, _ header: QCOW2Header) throws(ImageError) {
        let start = UInt64(header.length)
        let end = min(header.extensionsEnd, file.size)
        guard start < end else { return }
        let region = Fields(try file.bytes(at: start, count: Int(end - start)), at: start)
        var position = 0
        while region.bytes.count - position >= 8 {
            let type: UInt32 = try region.big("header extension type", at: position)
            if type == Kind.end.rawValue { break }
            let count: UInt32 = try region.big("header extension length", at: position + 4)
            let left = region.bytes.count - position - 8
            guard Int(count) <= left else {
                throw ImageError(
                    .corrupt,
                    "header extension \(hex(type)) at \(region.position(position)) has \(count) bytes of data, "
                        + "but there is room for \(left)")
            }
            if let kind = Kind(rawValue: type) {
                let data = Fields(
                    try region.slice("header extension", at: position + 8, count: Int(count)),
                    at: region.position(position + 8))
                try take(kind, data)
            }
            position += 8 + (Int(count) + 7) & ~7
        }
    }

    private mutating func take(_ kind: Kind, _ data: Fields) throws(ImageError) {
        switch kind {
        case .end:
            break
        case .backingFormat:
            try Self.require("backing format", data, count: 0...Self.maximumFormat)
            backingFormat = data.bytes.isEmpty ? nil : String(decoding: data.bytes, as: UTF8.self)
        case .featureNames:
            featureNames.bytes = data.bytes
        case .bitmaps:
            try Self.require("bitmaps extension", data, count: 24...24)
            bitmaps = QCOW2BitmapDirectory(
                count: try data.big("nb_bitmaps", at: 0), size: try data.big("bitmap_directory_size", at: 8),
                offset: try data.big("bitmap_directory_offset", at: 16))
        case .crypto:
            try Self.require("full disk encryption header pointer", data, count: 16...16)
            let offset: UInt64 = try data.big("offset", at: 0)
            let count: UInt64 = try data.big("length", at: 8)
            guard offset <= UInt64(Int64.max), count <= UInt64(Int64.max) else {
                throw ImageError(
                    .corrupt,
                    "full disk encryption header at \(offset), \(count) bytes, lies past any end of a file")
            }
            crypto = offset..<offset + count
        case .dataFile:
            try Self.require("data file name", data, count: 0...Int(QCOW2Header.maximumName))
            dataFileName = data.bytes
        }
    }

    private static func require(
        _ name: StaticString, _ data: Fields, count: ClosedRange<Int>
    ) throws(ImageError) {
        guard count.contains(data.bytes.count) else {
            throw ImageError(
                .corrupt,
                "\(name) at \(data.base) has \(data.bytes.count) bytes, expected "
                    + (count.count == 1 ? "\(count.upperBound)" : "\(count.upperBound) at most"))
        }
    }
}
