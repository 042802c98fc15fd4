/// A line of a descriptor that locates an extent of the disk ("Virtual Disk Format 5.0", "The Extent Description").
///
///     RW 4192256 SPARSE "disk-s001.vmdk"
///     RW 1048576 FLAT "disk-f001.vmdk" 0
struct VMDKExtent: Sendable {
    enum Kind: String, Sendable {
        case flat = "FLAT"
        case sparse = "SPARSE"
        case zero = "ZERO"
        case vmfs = "VMFS"
        case vmfsSparse = "VMFSSPARSE"
        case vmfsRDM = "VMFSRDM"
        case vmfsRaw = "VMFSRAW"
        case seSparse = "SESPARSE"
    }

    /// `RW`, `RDONLY` or `NOACCESS`: the rights of a guest, without meaning for a reader of images.
    let access: String

    /// The length, in sectors of 512 bytes.
    let sectors: UInt64

    /// The type as written, but in upper case. Not always one of the kinds.
    let type: String

    /// The name of its file, as stored. Nil if there is none.
    let name: [UInt8]?

    /// The offset of its data in the file, in sectors.
    let offset: UInt64

    var kind: Kind? { Kind(rawValue: type) }

    private static let accesses = ["RW", "RDONLY", "NOACCESS"]

    /// True if `line` begins as these lines do.
    static func isExtent(_ line: ArraySlice<UInt8>) -> Bool {
        var rest = line
        return accesses.contains(word(&rest).uppercased()) && rest.first.map(isBlank) == true
    }

    /// Reads `line`, for which `isExtent` is true. It is line `number` of the descriptor.
    init(_ line: ArraySlice<UInt8>, number: Int) throws(ImageError) {
        var rest = line
        access = Self.word(&rest).uppercased()
        let count = Self.word(&rest)
        guard let sectors = UInt64(count), sectors <= UInt64(Int64.max) / 512 else {
            throw ImageError(
                .corrupt,
                "line \(number) of the descriptor: \"\(printable(count))\" is not an extent's number of "
                    + "sectors"
            )
        }
        self.sectors = sectors
        type = Self.word(&rest).uppercased()
        guard !type.isEmpty else {
            throw ImageError(.corrupt, "line \(number) of the descriptor: the extent has no type")
        }
        rest = rest.drop(while: Self.isBlank)
        if rest.first == UInt8(ascii: "\"") {
            guard let end = Self.closingQuote(rest) else {
                throw ImageError(
                    .corrupt, "line \(number) of the descriptor: the extent's name has no closing quote")
            }
            name = Array(rest[(rest.startIndex + 1)..<end])
            rest = rest[(end + 1)...]
        } else {
            let start = rest.startIndex
            _ = Self.word(&rest)
            let bare = line[start..<rest.startIndex]
            name = bare.isEmpty ? nil : Array(bare)
        }
        let word = Self.word(&rest)
        guard let offset = word.isEmpty ? 0 : UInt64(word), offset <= UInt64(Int64.max) / 512 else {
            throw ImageError(
                .corrupt, "line \(number) of the descriptor: \"\(printable(word))\" is not an extent's offset"
            )
        }
        self.offset = offset
    }

    /// The index of the quote that ends the name, which may hold others: the first that is followed by nothing or by a
    /// number. More text in quotes, about a partition, may follow the number. If there is no such quote, the last one.
    private static func closingQuote(_ text: ArraySlice<UInt8>) -> Int? {
        let quote = UInt8(ascii: "\"")
        let end = text.indices.dropFirst().first { index in
            guard text[index] == quote else { return false }
            let after = text[(index + 1)...]
            let number = after.drop(while: isBlank)
            guard !number.isEmpty else { return true }
            let rest = number.drop { (0x30...0x39).contains($0) }
            return number.startIndex > after.startIndex && rest.startIndex > number.startIndex
                && rest.first.map(isBlank) != false
        }
        return end ?? text.dropFirst().lastIndex(of: quote)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Takes the next word off `text`.
    private static func word(_ text: inout ArraySlice<UInt8>) -> String {
        text = text.drop { isBlank($0) }
        let word = text.prefix { !isBlank($0) }
        text = text[word.endIndex...]
        return String(decoding: word, as: UTF8.self)
    }
}
