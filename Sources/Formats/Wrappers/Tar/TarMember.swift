/// One member of a tar archive, by its headers.
struct TarMember: Sendable {
    /// The kind of a member, by its type flag.
    enum Kind: String, Sendable {
        case file
        case hardLink = "hard link"
        case symbolicLink = "symbolic link"
        case characterDevice = "character device"
        case blockDevice = "block device"
        case directory
        case pipe = "named pipe"

        /// The kind that `flag` stands for. Nil if it marks no member, or no known kind.
        init?(typeFlag flag: UInt8) {
            switch flag {
            // "7" was meant for a file that is contiguous on the disk.
            case 0, UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"): self = .file
            case UInt8(ascii: "1"): self = .hardLink
            case UInt8(ascii: "2"): self = .symbolicLink
            case UInt8(ascii: "3"): self = .characterDevice
            case UInt8(ascii: "4"): self = .blockDevice
            case UInt8(ascii: "5"): self = .directory
            case UInt8(ascii: "6"): self = .pipe
            default: return nil
            }
        }
    }

    /// The form of a sparse member's map, which says where it is stored.
    enum MapForm: Sendable {
        /// In the header and this many blocks behind it: GNU's own form.
        case headers(extensions: UInt64)
        /// In the pax records, which are these bytes of the archive: forms 0.0 and 0.1.
        case records(Range<UInt64>)
        /// Before the data: form 1.0.
        case data
        /// In a form that is not read.
        case unknown(String)
    }

    /// The stored name: untrusted, and UTF-8 only by convention.
    var name: [UInt8]
    var kind: Kind

    /// The offset of its header in the archive, in bytes.
    var header: UInt64

    /// The length of its content in bytes, holes included.
    var size: UInt64

    /// The range of the archive in which it is stored, in bytes. May pass the archive's end.
    var stored: Range<UInt64>

    /// The location of its map. Nil if it is not sparse.
    var map: MapForm?

    /// The members that hold its parts, in order. Empty if it is a member itself.
    var pieces: [TarMember] = []

    /// Its name in printable form.
    var shownName: String { printable(name) }

    /// Its name without the `./` that `tar -c .` puts in front.
    var path: ArraySlice<UInt8> {
        var path = name[...]
        while path.starts(with: "./".utf8) { path = path.dropFirst(2) }
        return path
    }

    /// The last part of its name.
    var baseName: ArraySlice<UInt8> {
        let slash = name.lastIndex(of: UInt8(ascii: "/"))
        return slash.map { name[($0 + 1)...] } ?? name[...]
    }

    /// Its name and size, for lists in errors.
    var listed: String { "\"\(shownName)\" (\(kind == .file ? byteCount(size) : kind.rawValue))" }
}
