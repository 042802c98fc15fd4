/// What a format is recognised by: the first bytes of a file, and its last where these are cheap to come by.
package struct FileProbe: Sendable {
    /// The first bytes, `headSize` or fewer.
    package let head: [UInt8]
    /// The last bytes, `tailSize` or fewer; nil where coming by them would take decoding the file to its end.
    package let tail: [UInt8]?

    /// How many bytes there are of the head, where the file has as many.
    package static let headSize = 4096

    /// How many bytes there are of the tail, where the file has as many: a sector, which footers fill.
    package static let tailSize = 512

    /// What `source` starts with, and ends with unless it must be decoded for that.
    package init(of source: any Source) throws(ImageError) {
        head = try source.bytes(at: 0, count: Int(min(source.size, UInt64(Self.headSize))))
        let count = min(source.size, UInt64(Self.tailSize))
        tail = source.cost.isLow ? try source.bytes(at: source.size - count, count: Int(count)) : nil
    }

    /// A file of which just the `head` is known.
    package init(head: [UInt8]) {
        self.head = head
        tail = nil
    }

    /// Whether the bytes from `offset` on are `magic`.
    func has(_ magic: [UInt8], at offset: Int = 0) -> Bool {
        head.count >= offset + magic.count && head[offset..<offset + magic.count].elementsEqual(magic)
    }

    /// Whether the bytes from `offset` on are `text`.
    func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }

    /// Whether the last sector starts with `text`.
    func endsWithSector(_ text: String) -> Bool {
        guard let tail, tail.count == Self.tailSize else { return false }
        return tail.starts(with: text.utf8)
    }
}
