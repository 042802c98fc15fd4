/// The volume descriptors of a UDF (ECMA-167, part 3, section 10; part 4, section 14), integers little-endian:
///
///      1  primary     72  VolumeSetIdentifier        128   dstring
///      5  partition  188  PartitionStartingLocation    4
///                    192  PartitionLength              4   in blocks
///      6  logical     84  LogicalVolumeIdentifier    128   dstring
///                    240  revision, from the suffix    2   of the domain; in BCD
///                    432  IntegritySequenceExtent      8   length in bytes, block
///      9  integrity   28  IntegrityType                4   1 closed, 0 open
///                     72  NumberOfPartitions           4
///                     80  FreeSpaceTable               4   for each partition
struct UDFVolume {
    /// The most descriptors that are looked at.
    private static let maximumDescriptors: UInt64 = 32

    private let blockSize: UInt64
    private var primary: Fields?
    private var partition: Fields?
    private var logical: Fields?

    /// Reads the descriptors to which `anchor` points. Nil if the sequence is impossible.
    init?(_ anchor: Fields, blockSize: UInt64, _ area: SuperblockArea) throws(ImageError) {
        self.blockSize = blockSize
        let length: UInt32 = try anchor.little("length", at: 16)
        let first: UInt32 = try anchor.little("location", at: 20)
        let count = min(UInt64(length) / blockSize, Self.maximumDescriptors)
        for index in 0..<count {
            guard let block = try UDF.block(UInt64(first) + index, tag: nil, blockSize, area) else { break }
            let tag: UInt16 = try block.little("TagIdentifier", at: 0)
            switch tag {
            case 1: primary = block
            case 5: partition = block
            case 6: logical = block
            case 8: return
            default: continue
            }
        }
    }

    /// Adds what the descriptors tell to `result`.
    func describe(_ result: inout FileSystem, _ area: SuperblockArea) throws(ImageError) {
        if let primary, let set = try Self.string("VolumeSetIdentifier", in: primary, at: 72, count: 128) {
            result.uuid = Self.identifier(set)
        }
        if let partition {
            let length: UInt32 = try partition.little("PartitionLength", at: 192)
            result.size = UInt64(length) * blockSize
        }
        guard let logical else { return }
        result.label = try Self.string("LogicalVolumeIdentifier", in: logical, at: 84, count: 128)
            .flatMap(withoutTrailingBlanks)
        let revision: UInt16 = try logical.little("revision", at: 240)
        result.variant = String(revision >> 8, radix: 16) + "." + hexDigits(UInt8(revision & 0xFF))
        try addIntegrity(to: &result, logical, area)
    }

    /// Adds what the last integrity descriptor tells.
    private func addIntegrity(
        to result: inout FileSystem, _ logical: Fields, _ area: SuperblockArea
    ) throws(ImageError) {
        let length: UInt32 = try logical.little("length", at: 432)
        let first: UInt32 = try logical.little("location", at: 436)
        for index in 0..<min(UInt64(length) / blockSize, Self.maximumDescriptors) {
            guard let block = try UDF.block(UInt64(first) + index, tag: 9, blockSize, area) else { return }
            let type: UInt32 = try block.little("IntegrityType", at: 28)
            let partitions: UInt32 = try block.little("NumberOfPartitions", at: 72)
            let free: UInt32 = try block.little("FreeSpaceTable", at: 80)
            result.state = type == 1 ? .clean : .notUnmounted
            result.used = nil
            // All ones stand for unknown.
            guard partitions == 1, free != .max, let size = result.size else { continue }
            result.use(total: size / blockSize, free: UInt64(free), unit: blockSize)
        }
    }

    /// The dstring called `field`: its form, 8 or 16 bits, the characters, and its length in the last byte (OSTA UDF 2.60, section 2.1).
    private static func string(
        _ field: StaticString, in block: Fields, at offset: Int, count: Int
    ) throws(ImageError) -> String? {
        let bytes = try block.slice(field, at: offset, count: count)
        let length = min(Int(bytes[count - 1]), count - 1)
        guard length > 1 else { return nil }
        let text = bytes[1..<length]
        switch bytes[0] {
        case 8: return String(String.UnicodeScalarView(text.map(Unicode.Scalar.init)))
        case 16: return try block.utf16(field, at: offset + 1, count: length - 1, isBig: true)
        default: return nil
        }
    }

    /// The identifier of 16 digits that libblkid makes of a volume set's (libblkid/src/superblocks/udf.c, `gen_uuid_from_volset_id`): 16
    /// characters if they are hexadecimal digits. Others are replaced by their codes.
    private static func identifier(_ set: String) -> String? {
        let bytes = Array(set.utf8.prefix(16))
        guard bytes.count >= 8 else { return nil }
        let digits = bytes.prefix { Unicode.Scalar($0).properties.isASCIIHexDigit }.count
        if digits < 8 { return hex(bytes[..<8], separator: "") }
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        if digits == 16 { return text }
        guard bytes.count >= 12 else { return nil }
        return text.prefix(8) + hex(bytes[8..<12], separator: "")
    }
}
