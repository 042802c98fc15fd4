/// The label of a physical volume of LVM2, with the header of the volume in the same sector.
///
/// In one of the first four sectors, integers little-endian (LVM2, lib/label/label.h and lib/format_text/layout.h):
///
///       0  id          8   "LABELONE"
///       8  sector_xl   8
///      16  crc_xl      4   of bytes 20 to 511
///      20  offset_xl   4   of the header of the volume
///      24  type        8   "LVM2 001"
///
/// and that header:
///
///       0  pv_uuid        32   ASCII
///      32  device_size_xl  8   in bytes
///      40  disk_areas_xl       a list of the areas for data, and a list of those for metadata
///
/// A list consists of pairs of an offset and a size, 8 bytes each, and ends with two zeroes.
struct LVMLabel {
    static let sectorCount = 4
    static let sectorSize = 512

    /// The identifier of the volume, as LVM writes it.
    let uuid: String

    /// The size of the volume, in bytes. 0 if it is not known.
    let deviceSize: UInt64

    /// True if the checksum is right.
    let isSound: Bool

    private let sector: Fields

    /// The offset in the sector of the lists of areas.
    private let areas: Int

    /// Reads the label in sector `number` of a volume. Nil if there is none.
    init?(_ sector: Fields, number: Int) throws(ImageError) {
        guard sector.bytes.count == Self.sectorSize, sector.bytes.starts(with: "LABELONE".utf8),
            sector.bytes[24..<32].elementsEqual("LVM2 001".utf8)
        else { return nil }
        let stored: UInt64 = try sector.little("sector_xl", at: 8)
        let offset: UInt32 = try sector.little("offset_xl", at: 20)
        guard stored == UInt64(number), offset <= Self.sectorSize - 40 else { return nil }
        uuid = Self.identifier(try sector.slice("pv_uuid", at: Int(offset), count: 32))
        deviceSize = try sector.little("device_size_xl", at: Int(offset) + 32)
        let checksum: UInt32 = try sector.little("crc_xl", at: 16)
        isSound = checksum == Self.checksum(sector.bytes[20...])
        areas = Int(offset) + 40
        self.sector = sector
    }

    /// The areas for metadata.
    ///
    /// Throws `corrupt` if the lists do not end in the sector.
    func metadataAreas() throws(ImageError) -> [LVMMetadataArea] {
        var offset = areas
        _ = try list(at: &offset)
        return try list(at: &offset).map { LVMMetadataArea(offset: $0.offset, size: $0.size) }
    }

    private func list(at offset: inout Int) throws(ImageError) -> [(offset: UInt64, size: UInt64)] {
        var list: [(offset: UInt64, size: UInt64)] = []
        while true {
            let start: UInt64 = try sector.little("area offset", at: offset)
            let size: UInt64 = try sector.little("area size", at: offset + 8)
            offset += 16
            if start == 0 { return list }
            list.append((start, size))
        }
    }

    /// `bytes` as LVM writes an identifier: in groups of 6, 4, 4, 4, 4, 4 and 6 characters.
    private static func identifier(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [6, 10, 14, 18, 22, 26].contains(index) { text += "-" }
            text += String(decoding: [byte], as: UTF8.self)
        }
        return text
    }

    /// LVM's checksum of `bytes`: CRC-32, but with a start of its own, and without the inversion at the end.
    static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        var crc = CRC32(~0xF597_A6CF)
        let bytes = Array(bytes)
        crc.update(bytes.span)
        return ~crc.value
    }
}
