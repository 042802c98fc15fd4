/// A header block of a tar archive, while its fields are filled (POSIX.1-2017, pax, "ustar Interchange Format").
struct UstarBlock {
    private var bytes = [UInt8](repeating: 0, count: TarEntry.blockSize)

    /// Puts `text` into the field of `count` bytes at `offset`. If there is no room for it, returns false, and puts its start there.
    @discardableResult
    mutating func putText(_ text: [UInt8], at offset: Int, count: Int) -> Bool {
        let part = text.prefix(count)
        bytes.replaceSubrange(offset..<offset + part.count, with: part)
        return text.count <= count
    }

    /// Puts `name` into the fields for it: the part in front of a slash may stand in a field of its own. If there is no room for it,
    /// returns false, and puts its start there.
    mutating func putName(_ name: [UInt8]) -> Bool {
        if putText(name, at: 0, count: 100) { return true }
        let slashes = name.indices.filter { name[$0] == UInt8(ascii: "/") }
        let place = slashes.first { (1...155).contains($0) && (1...100).contains(name.count - $0 - 1) }
        guard let place else { return false }
        bytes.replaceSubrange(0..<100, with: [UInt8](repeating: 0, count: 100))
        putText(Array(name[(place + 1)...]), at: 0, count: 100)
        putText(Array(name[..<place]), at: 345, count: 155)
        return true
    }

    /// Puts `number` into the field of `count` bytes at `offset`, as octal digits and a NUL. If there is no room for it, returns false,
    /// and puts 0 there.
    @discardableResult
    mutating func putNumber(_ number: UInt64, at offset: Int, count: Int) -> Bool {
        let text = String(number, radix: 8)
        let fits = text.count < count
        let digits = fits ? text : "0"
        let field = String(repeating: "0", count: count - 1 - digits.count) + digits
        putText(Array(field.utf8), at: offset, count: count)
        return fits
    }

    /// The block of a member with the type flag `kind`.
    func finished(_ kind: UInt8) -> [UInt8] {
        var block = self
        block.bytes[156] = kind
        block.putText(Array("ustar".utf8) + [0] + Array("00".utf8), at: 257, count: 8)
        // The checksum counts as blanks while it is added up.
        block.putText(Array(repeating: UInt8(ascii: " "), count: 8), at: 148, count: 8)
        let sum = block.bytes.reduce(0) { $0 + UInt64($1) }
        block.putNumber(sum, at: 148, count: 7)
        return block.bytes
    }
}
