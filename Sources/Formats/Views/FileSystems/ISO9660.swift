/// ISO 9660, with Joliet and Rock Ridge.
///
/// Volume descriptors of 2048 bytes from 32768 on (ECMA-119, section 8.4); some fields, numbers in both orders of bytes:
///
///       0  Volume Descriptor Type             1   1 primary, 2 supplementary, 255 the end
///       1  Standard Identifier                5   "CD001"
///      40  Volume Identifier                 32
///      80  Volume Space Size                  8   in blocks
///      88  Escape Sequences                  32   of Joliet: %/@, %/C or %/E
///     128  Logical Block Size                 4
///     156  Directory Record of the root      34
///     813  Volume Creation Date and Time     17
///     830  Volume Modification Date and Time 17
enum ISO9660 {
    /// The start of the descriptors.
    static let start = 32768

    /// The size of a descriptor, and of a sector.
    static let sectorSize = 2048

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        // A volume that is both is one of UDF, as in libblkid.
        guard !UDF.isRecognised(in: area) else { return nil }
        var primary: Fields?
        var joliet: Fields?
        for place in stride(from: start, to: SuperblockArea.headSize, by: sectorSize) {
            guard area.has("CD001", at: place + 1),
                let block = area.block(at: UInt64(place), count: sectorSize)
            else { break }
            if block.bytes[0] == 255 { break }
            if block.bytes[0] == 1, primary == nil { primary = block }
            if block.bytes[0] == 2, isJoliet(block) { joliet = block }
        }
        guard let primary else { return nil }
        return try read(primary, joliet, area)
    }

    private static func isJoliet(_ block: Fields) -> Bool {
        ["%/@", "%/C", "%/E"].contains { block.bytes[88..<91].elementsEqual($0.utf8) }
    }

    private static func read(
        _ primary: Fields, _ joliet: Fields?, _ area: SuperblockArea
    ) throws(ImageError) -> FileSystem {
        var result = FileSystem("iso9660")
        result.state = .readOnly
        result.label = try primary.text("Volume Identifier", at: 40, count: 32)
        if let joliet, let name = try joliet.utf16("Volume Identifier", at: 40, count: 32, isBig: true) {
            // Joliet has room for 16 characters only, but for lower case.
            let isCut = result.label.map { $0.count > 16 && $0.lowercased().hasPrefix(name.lowercased()) }
            if isCut != true { result.label = name }
        }
        let modified = try time(primary, "Volume Modification Date and Time", at: 830)
        let created = try time(primary, "Volume Creation Date and Time", at: 813)
        result.uuid = modified ?? created
        let blocks: UInt32 = try primary.little("Volume Space Size", at: 80)
        let blockSize: UInt16 = try primary.little("Logical Block Size", at: 128)
        result.size = UInt64(blocks) * UInt64(blockSize)
        result.used = result.size
        var extensions: [String] = joliet == nil ? [] : ["Joliet"]
        if try hasRockRidge(primary, area) { extensions.append("Rock Ridge") }
        if !extensions.isEmpty { result.variant = extensions.joined(separator: ", ") }
        return result
    }

    /// The time at `offset`, up to hundredths of a second, as libblkid writes it. Nil if it is not set.
    private static func time(
        _ block: Fields, _ field: StaticString, at offset: Int
    ) throws(ImageError) -> String? {
        let digits = try block.slice(field, at: offset, count: 16)
        guard digits.allSatisfy({ 0x30...0x39 ~= $0 }), digits.contains(where: { $0 != 0x30 }) else {
            return nil
        }
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index >= 4, index.isMultiple(of: 2) { text += "-" }
            text.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return text
    }

    /// True if the first record of the root directory has the sign of Rock Ridge (IEEE P1281, section 5.3: "SP").
    private static func hasRockRidge(_ primary: Fields, _ area: SuperblockArea) throws(ImageError) -> Bool {
        let sector: UInt32 = try primary.little("Location of Extent", at: 156 + 2)
        guard let root = area.block(at: UInt64(sector) * UInt64(sectorSize), count: 64) else { return false }
        // A record of 34 bytes, whose name is one byte.
        return root.bytes[34..<36].elementsEqual("SP".utf8)
    }
}
