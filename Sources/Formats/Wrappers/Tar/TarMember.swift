/// What a tar archive says of one member.
struct TarMember: Sendable {
    /// What a member is, by its type flag.
    enum Kind: String, Sendable {
        case file
        case hardLink = "hard link"
        case symbolicLink = "symbolic link"
        case characterDevice = "character device"
        case blockDevice = "block device"
        case directory
        case pipe = "named pipe"

        /// What `flag` stands for; nil where it is no member, or none that is known.
        init?(typeFlag flag: UInt8) {
            switch flag {
            // "7" was to be a file that lies in one piece on the disk.
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

    /// Where the map of a sparse member stands.
    enum MapPlace: Sendable {
        /// In the header, and so many blocks behind it: GNU's own form.
        case headers(extensions: UInt64)
        /// In the pax records, which are these bytes of the archive: forms 0.0 and 0.1.
        case records(Range<UInt64>)
        /// Before the data: form 1.0.
        case data
        /// In a form that is not read.
        case unknown(String)
    }

    /// Hostile; ought to be UTF-8.
    var name: [UInt8]
    var kind: Kind

    /// Where its header starts in the archive, in bytes.
    var header: UInt64

    /// The length in bytes of what the member holds, holes included.
    var size: UInt64

    /// What is stored of it, in bytes of the archive; may pass the archive's end.
    var stored: Range<UInt64>

    /// Where its map stands, if it is sparse.
    var map: MapPlace?

    /// The members that it is in, one behind the other; empty where it is one itself.
    var pieces: [TarMember] = []

    /// Its name, fit to be shown.
    var shownName: String { printable(name) }

    /// Its name without the `./` that tar keeps of `tar -c .`.
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

    /// Its name and size, as they are listed in errors.
    var listed: String { "\"\(shownName)\" (\(kind == .file ? byteCount(size) : kind.rawValue))" }
}
