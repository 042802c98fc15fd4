/// A physical volume of LVM2, written byte by byte (lib/format_text/layout.h).
package struct PhysicalVolumeBytes: Sendable {
    /// The start of the first extent.
    package static let dataStart = 16 << 10

    /// The size of an extent.
    package static let extentSize = 4 << 10

    /// The identifier, as the label has it.
    package let uuid: String

    package var bytes: [UInt8]

    private let areas: [Range<Int>]

    /// A volume of `extents` extents, with a label in `sector`, and metadata in `areas`.
    package init(
        _ uuid: Character, extents: Int, sector: Int = 1,
        areas: [Range<Int>] = [4096..<PhysicalVolumeBytes.dataStart]
    ) {
        self.uuid = String(repeating: uuid, count: 32)
        self.areas = areas
        let end = Self.dataStart + extents * Self.extentSize
        bytes = [UInt8](repeating: 0, count: max(end, areas.map(\.upperBound).max() ?? 0))
        var label = [UInt8](repeating: 0, count: 512)
        Self.put("LABELONE", in: &label, at: 0)
        Self.put(UInt64(sector), in: &label, at: 8)
        Self.put(UInt32(32), in: &label, at: 20)
        Self.put("LVM2 001", in: &label, at: 24)
        Self.put(self.uuid, in: &label, at: 32)
        Self.put(UInt64(bytes.count), in: &label, at: 64)
        var place = 72
        for list in [[(Self.dataStart, 0)], areas.map { ($0.lowerBound, $0.count) }] {
            for (offset, size) in list + [(0, 0)] {
                Self.put(UInt64(offset), in: &label, at: place)
                Self.put(UInt64(size), in: &label, at: place + 8)
                place += 16
            }
        }
        Self.put(Self.checksum(label[20...]), in: &label, at: 16)
        bytes.replaceSubrange(sector * 512..<(sector + 1) * 512, with: label)
        for number in areas.indices { putHeader(number, start: 0, count: 0, checksum: 0) }
    }

    /// The identifier, as texts have it.
    package var name: String {
        var text = ""
        for (index, character) in uuid.enumerated() {
            if [6, 10, 14, 18, 22, 26].contains(index) { text += "-" }
            text.append(character)
        }
        return text
    }

    /// The most bytes of text that fit into an area of the usual size.
    package static let longestText = dataStart - 4096 - 512 - 1

    /// Writes `text` into an area, from `start` on. Where the area ends it goes on behind the header.
    package mutating func put(
        text: some Collection<UInt8>, area: Int = 0, start: Int = 512, flags: UInt32 = 0
    ) {
        let range = areas[area]
        let text = Array(text) + [0]
        for (index, byte) in text.enumerated() {
            let place = start + index < range.count ? start + index : start + index - range.count + 512
            bytes[range.lowerBound + place] = byte
        }
        putHeader(area, start: start, count: text.count, checksum: Self.checksum(text[...]), flags: flags)
    }

    /// Writes `text` in the same way.
    package mutating func put(text: String, area: Int = 0, start: Int = 512, flags: UInt32 = 0) {
        put(text: text.utf8, area: area, start: start, flags: flags)
    }

    /// Writes the header of an area, which says where the text is.
    package mutating func putHeader(
        _ area: Int, start: Int, count: Int, checksum: UInt32, flags: UInt32 = 0
    ) {
        let range = areas[area]
        var header = [UInt8](repeating: 0, count: 512)
        Self.put(" LVM2 x[5A%r0N*>", in: &header, at: 4)
        Self.put(UInt32(1), in: &header, at: 20)
        Self.put(UInt64(range.lowerBound), in: &header, at: 24)
        Self.put(UInt64(range.count), in: &header, at: 32)
        Self.put(UInt64(start), in: &header, at: 40)
        Self.put(UInt64(count), in: &header, at: 48)
        Self.put(checksum, in: &header, at: 56)
        Self.put(flags, in: &header, at: 60)
        Self.put(Self.checksum(header[4...]), in: &header, at: 0)
        bytes.replaceSubrange(range.lowerBound..<range.lowerBound + 512, with: header)
    }

    /// Fills each extent with bytes that tell it from the others.
    package mutating func fillExtents(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for index in Self.dataStart..<bytes.count {
            bytes[index] = UInt8.random(in: 0...255, using: &generator)
        }
    }

    /// The bytes of `count` extents from `first` on.
    package func extents(_ first: Int, _ count: Int) -> [UInt8] {
        let start = Self.dataStart + first * Self.extentSize
        return Array(bytes[start..<start + count * Self.extentSize])
    }

    // MARK: Texts

    /// The description of a group of `members`, which it calls pv0, pv1 and so on, with `volumes`.
    package static func group(
        named name: String = "vg", id: String = "group", sequence: Int = 1, _ members: [PhysicalVolumeBytes],
        flags: String = "", _ volumes: String
    ) -> String {
        let physical = members.enumerated().map { index, member in
            let count = (member.bytes.count - dataStart) / extentSize
            return """
                pv\(index) {
                    id = "\(member.name)"
                    device = "/dev/sda\(index)"\t# Hint only
                    status = ["ALLOCATABLE"]
                    flags = [\(flags)]
                    dev_size = \(member.bytes.count / 512)
                    pe_start = \(dataStart / 512)
                    pe_count = \(count)
                }

                """
        }
        return """
            \(name) {
            id = "\(id)"
            seqno = \(sequence)
            format = "lvm2"
            status = ["RESIZEABLE", "READ", "WRITE"]
            extent_size = \(extentSize / 512)
            max_lv = 0
            physical_volumes {
            \(physical.joined())}
            logical_volumes {
            \(volumes)}
            }
            # Generated by a test
            contents = "Text Format Volume Group"
            version = 1
            description = "Created \\"by\\" \\\\ a test"
            creation_time = 1795872169

            """
    }

    /// A logical volume of `segments`.
    package static func volume(_ name: String, isVisible: Bool = true, _ segments: String...) -> String {
        let all = segments.enumerated().map { "segment\($0 + 1) {\n\($1)\n}\n" }
        return """
            \(name) {
            id = "\(name)"
            status = ["READ", "WRITE"\(isVisible ? ", \"VISIBLE\"" : "")]
            segment_count = \(segments.count)
            \(all.joined())}

            """
    }

    /// A linear segment, or a striped one if there are several `stripes`, with chunks of `chunk` sectors.
    package static func segment(
        at start: Int, count: Int, chunk: Int = 2, _ stripes: (volume: String, extent: Int)...
    ) -> String {
        """
        start_extent = \(start)
        extent_count = \(count)
        type = "striped"
        stripe_count = \(stripes.count)
        \(stripes.count > 1 ? "stripe_size = \(chunk)" : "")
        stripes = [
        \(stripes.map { "\"\($0.volume)\", \($0.extent)" }.joined(separator: ",\n"))
        ]
        """
    }

    /// A segment of another type.
    package static func segment(count: Int, type: String, _ rest: String = "") -> String {
        "start_extent = 0\nextent_count = \(count)\ntype = \"\(type)\"\n\(rest)"
    }

    // MARK: Bytes

    private static func put(_ text: String, in bytes: inout [UInt8], at offset: Int) {
        bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }

    private static func put<T: FixedWidthInteger>(_ value: T, in bytes: inout [UInt8], at offset: Int) {
        for index in 0..<T.bitWidth / 8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> T(8 * index))
        }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xF597_A6CF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
        }
        return crc
    }
}
