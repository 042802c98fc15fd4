/// The text that describes a disk ("Virtual Disk Format 5.0", "The Descriptor File"): a file of its own, or a part of one.
///
/// Lines end in LF or CRLF; keys are in any case, with or without blanks around `=`, and values with or without quotes.
struct VMDKDescriptor: Sendable {
    /// The largest size that is read, in bytes, as in qemu.
    static let maximumSize = 1 << 20

    /// The largest number of extents of a disk: no more files are opened for an image.
    static let maximumExtents = 4096

    /// The value of parentCID if there is no parent.
    static let noParent: UInt32 = 0xFFFF_FFFF

    private(set) var createType: String?
    private(set) var contentID: UInt32?
    private(set) var parentContentID: UInt32?
    private(set) var parentName: [UInt8]?
    /// The encoding of names. Nil if none is declared.
    private(set) var encoding: String?
    private(set) var extents: [VMDKExtent] = []
    /// True if the grains are encrypted: by a key that the descriptor names, or by vSphere's I/O filter.
    private(set) var isEncrypted = false
    /// The entries of the disk database (`ddb.`), in order, by their keys without the prefix.
    private(set) var database: [(key: String, value: String)] = []

    /// True if the disk is kept on a device.
    var isOnDevice: Bool {
        let types = [
            "fulldevice", "partitioneddevice", "vmfsraw", "vmfsrdm", "vmfsrdmp", "vmfsrawdevicemap",
            "vmfspassthroughrawdevicemap",
        ]
        return types.contains(createType?.lowercased() ?? "")
            || extents.contains { $0.kind == .vmfsRDM || $0.kind == .vmfsRaw }
    }

    /// True if the descriptor tells neither the kind of disk, nor its content ID, nor its parent or extents.
    var isEmpty: Bool {
        createType == nil && contentID == nil && parentContentID == nil && parentName == nil
            && extents.isEmpty
    }

    /// The value of `key` in the disk database.
    func ddb(_ key: String) -> String? {
        database.first { $0.key.lowercased() == key.lowercased() }?.value
    }

    /// Reads `text` up to its first NUL.
    init(_ text: [UInt8]) throws(ImageError) {
        let lines = text.prefix { $0 != 0 }.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let line = Self.trimmed(line)
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            if VMDKExtent.isExtent(line) {
                guard extents.count < Self.maximumExtents else {
                    throw ImageError(
                        .limit,
                        "line \(number + 1) of the descriptor: there are more than \(Self.maximumExtents) "
                            + "extents; vitrine opens no more"
                    )
                }
                extents.append(try VMDKExtent(line, number: number + 1))
            } else if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
                try set(
                    String(decoding: Self.trimmed(line[..<equals]), as: UTF8.self),
                    Self.unquoted(Self.trimmed(line[(equals + 1)...])), number + 1)
            }
        }
    }

    private mutating func set(_ key: String, _ value: ArraySlice<UInt8>, _ number: Int) throws(ImageError) {
        let text = String(decoding: value, as: UTF8.self)
        switch key.lowercased() {
        case "createtype": createType = text
        case "encoding": encoding = text
        case "parentfilenamehint": parentName = Array(value)
        case "cid": contentID = try Self.identifier(key, text, number)
        case "parentcid": parentContentID = try Self.identifier(key, text, number)
        case "encryptionkeys", "keyid": isEncrypted = true
        case let lowercased where lowercased.hasPrefix("ddb."):
            if lowercased == "ddb.iofilters", text.lowercased().contains("vmwarevmcrypt") {
                isEncrypted = true
            }
            // The case of these keys does not matter either, but they are shown as written.
            database.append((key: String(key.dropFirst(4)), value: text))
        default: break
        }
    }

    private static func identifier(
        _ key: String, _ text: String, _ number: Int
    ) throws(ImageError) -> UInt32 {
        guard let value = UInt32(text, radix: 16) else {
            throw ImageError(
                .corrupt,
                "line \(number) of the descriptor: \(printable(key)) is \"\(printable(text))\", expected 8 hexadecimal digits"
            )
        }
        return value
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let text = text.drop { isBlank($0) }
        guard let last = text.lastIndex(where: { !isBlank($0) }) else { return [] }
        return text[...last]
    }

    private static func unquoted(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.count >= 2, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"") else {
            return text
        }
        return text.dropFirst().dropLast()
    }

    /// True if `head` starts a descriptor: a comment at its start says so, or the first line behind comments is a
    /// version.
    static func isDescriptor(_ head: [UInt8]) -> Bool {
        for line in head.prefix(while: { $0 != 0 }).split(separator: 0x0A) {
            // The byte order mark of UTF-8 may precede the first line.
            let line = trimmed(line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line)
            guard !line.isEmpty else { continue }
            let text = String(decoding: line, as: UTF8.self).lowercased()
            if line.first == UInt8(ascii: "#") {
                let words = text.dropFirst().split(separator: " ").joined(separator: " ")
                if words.hasPrefix("disk descriptorfile") { return true }
            } else {
                let parts = text.split(separator: "=", maxSplits: 1)
                return parts.count == 2 && parts[0].split(separator: " ") == ["version"]
                    && ["1", "2", "3", "4"].contains(parts[1].split(separator: " ").joined())
            }
        }
        return false
    }
}
