/// LUKS: encrypted volumes.
///
/// Header at 0, integers big-endian (LUKS1 On-Disk Format Specification 1.2.3; LUKS2 On-Disk Format Specification 1.1.1, section 2.1):
///
///       0  magic        6   "LUKS" ba be; "SKUL" ba be in the second header of LUKS2
///       6  version      2
///      24  label       48   LUKS2
///     168  uuid        40   ASCII
///     256  hdr_offset   8   LUKS2: the place of this header
enum LUKS {
    /// The places of the second header that lie in what is read, by the size of the header.
    private static let seconds = [0x4000, 0x8000, 0x10000]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        if area.has(Array("LUKS".utf8) + [0xBA, 0xBE], at: 0) { return try read(area, at: 0) }
        for place in seconds where area.has(Array("SKUL".utf8) + [0xBA, 0xBE], at: place) {
            return try read(area, at: place)
        }
        return nil
    }

    private static func read(_ area: SuperblockArea, at place: Int) throws(ImageError) -> FileSystem? {
        guard let header = area.block(at: UInt64(place), count: 512) else { return nil }
        let version: UInt16 = try header.big("version", at: 6)
        let offset: UInt64 = try header.big("hdr_offset", at: 256)
        // A second header that was found elsewhere is what is left of another volume.
        guard 1...2 ~= version, place == 0 || version == 2 && offset == UInt64(place) else { return nil }
        var result = FileSystem("crypto_LUKS")
        result.variant = "LUKS\(version)"
        result.state = .encrypted
        result.uuid = try header.text("uuid", at: 168, count: 40)
        if version == 2 { result.label = try header.text("label", at: 24, count: 48) }
        return result
    }
}
