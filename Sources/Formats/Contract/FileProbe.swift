/// The bytes by which a format is recognised: the first of a file, and its last if they are cheap to read.
package struct FileProbe: Sendable {
    /// The first bytes, `headSize` or fewer.
    package let head: [UInt8]
    /// The last bytes, `tailSize` or fewer. Nil if they are missing, or if reading them would mean
    /// decoding the file to its end.
    package let tail: [UInt8]?

    /// The length of the head in bytes, if the file is as long.
    package static let headSize = 4096

    /// The length of the tail in bytes, if the file is as long: a sector, which footers fill.
    package static let tailSize = 512

    /// Reads the start of `source`, and its end unless that must be decoded. If what `source` has from `firstMissing` on is
    /// missing, reads only what comes before.
    package init(of source: any Source, until firstMissing: UInt64? = nil) throws(ImageError) {
        let end = firstMissing ?? source.size
        head = try source.bytes(at: 0, count: Int(min(end, UInt64(Self.headSize))))
        let count = min(end, UInt64(Self.tailSize))
        tail =
            source.cost.isLow && firstMissing == nil
            ? try source.bytes(at: end - count, count: Int(count)) : nil
    }

    /// A probe of a file whose `head` is all that is known.
    package init(head: [UInt8]) {
        self.head = head
        tail = nil
    }

    /// True if the bytes from `offset` on are `magic`.
    func has(_ magic: [UInt8], at offset: Int = 0) -> Bool {
        head.count >= offset + magic.count && head[offset..<offset + magic.count].elementsEqual(magic)
    }

    /// True if the bytes from `offset` on are `text`.
    func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }

    /// True if the last sector starts with `text`.
    func endsWithSector(_ text: String) -> Bool {
        guard let tail, tail.count == Self.tailSize else { return false }
        return tail.starts(with: text.utf8)
    }
}
