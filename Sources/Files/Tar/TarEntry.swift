import VitrineFormats

/// A member of a tar archive as its headers tell it (POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block").
///
/// What the fields of ustar have no room for stands in an extended header: long names, large numbers, fractions of a second, and
/// extended attributes, as GNU tar, bsdtar and star write them.
package struct TarEntry {
    package static let blockSize = 512

    /// The kind of the member, as its type flag.
    package enum Kind: UInt8 {
        case regular = 0x30
        case hardLink
        case symbolicLink
        case characterDevice
        case blockDevice
        case directory
        case pipe
    }

    package let kind: Kind
    package let name: [UInt8]
    package let attributes: FileAttributes

    /// The target of a link: a symbolic one's own text, or the name of the first member with this file.
    package var target: [UInt8] = []

    /// The number of bytes that follow the headers.
    package var size: UInt64 = 0

    package var extendedAttributes: [ExtendedAttribute] = []

    /// The size of the file if it is sparse. What follows the headers starts with the map then.
    package var sparseSize: UInt64?

    package init(_ kind: Kind, _ name: [UInt8], _ attributes: FileAttributes) {
        self.kind = kind
        self.name = name
        self.attributes = attributes
    }

    /// The blocks of its headers.
    package var headers: [UInt8] {
        var records = PaxRecordWriter()
        var block = UstarBlock()
        if let sparseSize {
            // GNU tar manual, "PAX Format, Version 1.0".
            records.add("GNU.sparse.major", "1")
            records.add("GNU.sparse.minor", "0")
            records.add("GNU.sparse.name", name)
            records.add("GNU.sparse.realsize", "\(sparseSize)")
            // For programs that do not know it.
            block.putText(Array("GNUSparseFile.0/".utf8) + name.suffix(80), at: 0, count: 100)
        } else if !block.putName(name) {
            records.add("path", name)
        }
        if !block.putText(target, at: 157, count: 100) { records.add("linkpath", target) }
        block.putNumber(UInt64(attributes.permissions), at: 100, count: 8)
        if !block.putNumber(UInt64(attributes.user), at: 108, count: 8) {
            records.add("uid", "\(attributes.user)")
        }
        if !block.putNumber(UInt64(attributes.group), at: 116, count: 8) {
            records.add("gid", "\(attributes.group)")
        }
        if !block.putNumber(size, at: 124, count: 12) { records.add("size", "\(size)") }
        let time = UInt64(max(0, attributes.seconds))
        if !block.putNumber(time, at: 136, count: 12) || attributes.seconds < 0 || attributes.nanoseconds != 0
        {
            records.add("mtime", Self.time(attributes.seconds, attributes.nanoseconds))
        }
        block.putNumber(UInt64(attributes.major), at: 329, count: 8)
        block.putNumber(UInt64(attributes.minor), at: 337, count: 8)
        for attribute in extendedAttributes {
            // The key ends at the first equals sign.
            let key = attribute.name.bytes.flatMap { $0 == UInt8(ascii: "=") ? Array("%3D".utf8) : [$0] }
            records.add(Array("SCHILY.xattr.".utf8) + key, attribute.value)
        }
        return extendedHeader(records.bytes, time) + block.finished(kind.rawValue)
    }

    private func extendedHeader(_ records: [UInt8], _ time: UInt64) -> [UInt8] {
        guard !records.isEmpty else { return [] }
        var block = UstarBlock()
        block.putText(Array("PaxHeaders/".utf8) + name.suffix(80), at: 0, count: 100)
        block.putNumber(0o644, at: 100, count: 8)
        block.putNumber(0, at: 108, count: 8)
        block.putNumber(0, at: 116, count: 8)
        block.putNumber(UInt64(records.count), at: 124, count: 12)
        block.putNumber(time, at: 136, count: 12)
        let padding = [UInt8](repeating: 0, count: Self.padding(UInt64(records.count)))
        return block.finished(UInt8(ascii: "x")) + records + padding
    }

    /// The number of zeroes behind `count` bytes, so that a block is full.
    package static func padding(_ count: UInt64) -> Int {
        let rest = Int(count % UInt64(blockSize))
        return rest == 0 ? 0 : blockSize - rest
    }

    /// A time as a decimal number of seconds. Before 1970, the fraction still counts upwards, and so not the digits.
    private static func time(_ seconds: Int64, _ nanoseconds: UInt32) -> String {
        guard nanoseconds != 0 else { return "\(seconds)" }
        let isBefore = seconds < 0
        let whole = isBefore ? "-\(-(seconds + 1))" : "\(seconds)"
        let fraction = "\(isBefore ? 1_000_000_000 - nanoseconds : nanoseconds)"
        var digits = String(repeating: "0", count: 9 - fraction.count) + fraction
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
