/// Physical volumes of LVM2.
///
/// Label in one of the first four sectors, integers little-endian (LVM2, lib/label/label.h and lib/format_text/layout.h):
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
enum LVM2 {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        for sector in 0..<4 where area.has("LABELONE", at: sector * 512) {
            guard area.has("LVM2 001", at: sector * 512 + 24),
                let label = area.block(at: UInt64(sector) * 512, count: 512)
            else { continue }
            let number: UInt64 = try label.little("sector_xl", at: 8)
            let offset: UInt32 = try label.little("offset_xl", at: 20)
            guard number == UInt64(sector), offset <= 512 - 40 else { continue }
            var result = FileSystem("LVM2_member")
            result.variant = "LVM2 001"
            result.uuid = identifier(try label.slice("pv_uuid", at: Int(offset), count: 32))
            let size: UInt64 = try label.little("device_size_xl", at: Int(offset) + 32)
            if size > 0 { result.size = size }
            let stored: UInt32 = try label.little("crc_xl", at: 16)
            result.state = stored == checksum(label.bytes[20...]) ? .clean : .damaged
            return result
        }
        return nil
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

    /// The checksum of `bytes`: CRC-32, but with a start of LVM's own, and without the inversion at the end.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc = CRC32(~0xF597_A6CF)
        let bytes = Array(bytes)
        crc.update(bytes.span)
        return ~crc.value
    }
}
