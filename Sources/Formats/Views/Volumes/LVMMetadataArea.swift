/// An area of a physical volume that holds the description of its group, as a text.
///
/// Its header is the first sector, integers little-endian (LVM2, lib/format_text/layout.h):
///
///       0  checksum_xl   4   of bytes 4 to 511
///       4  magic        16
///      20  version       4   1
///      24  start         8   the offset of this area in the physical volume
///      32  size          8   of this area
///      40  raw_locns   4*24  the first locates the current text
///
///     raw_locn
///       0  offset        8   from the start of the area
///       8  size          8   0 if there is no text
///      16  checksum      4   of the text
///      20  flags         4   bit 0: not to be used
///
/// The rest is a ring: each change of the group writes a new text behind the current one, and a text that does not fit before the end
/// goes on behind the header.
struct LVMMetadataArea {
    /// The largest text that is read, in bytes. An area has 1 MiB, unless somebody has chosen another size.
    private static let maximumText: UInt64 = 16 << 20

    private static let headerSize = 512

    private static let magic: [UInt8] = Array(" LVM2 x[5A%r0N*>".utf8)

    /// The place in the physical volume, in bytes.
    let offset: UInt64
    let size: UInt64

    /// The text in the area on `volume`. Nil if there is none.
    ///
    /// Throws if the area cannot be read, is damaged, or has more than `limit` bytes of text.
    func text(on volume: any Source, limit: UInt64) throws(ImageError) -> [UInt8]? {
        try inside("metadata area at \(offset)") { () throws(ImageError) in
            let header = try Fields("header", of: volume, at: offset, count: Self.headerSize)
            guard let (range, checksum) = try location(header, on: volume) else { return nil }
            let limit = min(limit, Self.maximumText)
            guard range.upperBound - range.lowerBound <= limit else {
                throw ImageError(
                    .limit,
                    "the text has \(range.upperBound - range.lowerBound) bytes; vitrine reads no more than \(limit)"
                )
            }
            let ring = UInt64(Self.headerSize)..<size
            // The part behind the end of the ring lies at its start.
            let first = range.clamped(to: ring)
            let rest = range.upperBound - first.upperBound
            let text =
                try volume.bytes(at: offset + first.lowerBound, count: first.count)
                + volume.bytes(at: offset + ring.lowerBound, count: Int(rest))
            let computed = LVMLabel.checksum(text)
            guard checksum == computed else {
                throw ImageError(
                    .corrupt, "the checksum of the text is \(hex(checksum)), its bytes give \(hex(computed))")
            }
            return text
        }
    }

    /// The range of the text, from the start of the area on, and its checksum. It may end behind the area. Nil if there is no text.
    private func location(
        _ header: Fields, on volume: any Source
    ) throws(ImageError) -> (Range<UInt64>, checksum: UInt32)? {
        try header.require("magic", at: 4, is: Self.magic)
        let stored: UInt32 = try header.little("checksum_xl", at: 0)
        let computed = LVMLabel.checksum(header.bytes[4...])
        guard stored == computed else {
            throw ImageError(
                .corrupt, "checksum_xl of the header is \(hex(stored)), its bytes give \(hex(computed))")
        }
        let version: UInt32 = try header.little("version", at: 20)
        guard version == 1 else {
            throw ImageError(.unsupported, "version is \(version); vitrine reads version 1")
        }
        try header.require("start", try header.little("start", at: 24), in: offset...offset, at: 24)
        try header.require("size", try header.little("size", at: 32), in: size...size, at: 32)
        try volume.require("the metadata area", at: offset, count: size)
        let flags: UInt32 = try header.little("flags", at: 60)
        let start: UInt64 = try header.little("raw_locn offset", at: 40)
        let count: UInt64 = try header.little("raw_locn size", at: 48)
        guard flags & 1 == 0, start != 0, count != 0 else { return nil }
        guard size > UInt64(Self.headerSize) else {
            throw ImageError(.corrupt, "the area has \(size) bytes, and no room for a text")
        }
        let ring = UInt64(Self.headerSize)...size - 1
        try header.require("raw_locn offset", start, in: ring, at: 40)
        try header.require("raw_locn size", count, in: 1...size - UInt64(Self.headerSize), at: 48)
        return (start..<start + count, try header.little("raw_locn checksum", at: 56))
    }
}
