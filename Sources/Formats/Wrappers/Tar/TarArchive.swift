/// The members of a tar archive, by their headers: v7, ustar, GNU and pax.
///
/// Walking from header to header reads no data of members.
struct TarArchive: Sendable {
    /// The largest number of headers of an archive: far more than one with disks has.
    static let maximumHeaders = 65_536

    /// The largest length of a name, in bytes: that of a path in Linux.
    static let maximumName = 4096

    /// The most bytes of pax records that one header may have: room for a map of form 0.0 with 500,000 entries.
    static let maximumRecords: UInt64 = 32 << 20

    /// The most bytes of names, pax records and further sparse headers that may be read, all members together.
    static let maximumMetadata: UInt64 = 64 << 20

    let source: any Source

    /// The members in the order of the archive. Of several with one name, the last counts, as in extraction.
    private(set) var members: [TarMember] = []

    /// Files that consist of several members each, by the descriptor of an appliance.
    private(set) var joined: [TarMember] = []

    /// The variant of the archive: `ustar`, `gnu`, `pax` or `v7`.
    private(set) var variant = ""

    private(set) var warnings: [String] = []

    private var headers = 0
    private var metadata: UInt64 = 0

    /// Walks through the headers of the archive in `source`.
    ///
    /// Throws `corrupt` if a header is damaged, `limit` if there are too many headers or their data is too long.
    init(_ source: any Source) throws(ImageError) {
        self.source = source
        var position: UInt64 = 0
        while let next = try readMember(at: position) { position = next }
    }

    /// Takes over the joined files and the warnings of `appliance`.
    mutating func add(_ appliance: TarAppliance?) {
        joined = appliance?.disks.filter { !$0.pieces.isEmpty } ?? []
        warnings += appliance?.warnings ?? []
    }

    /// Reads the headers of the member that starts at `start`. Returns the start of the next member. Nil at the end.
    private mutating func readMember(at start: UInt64) throws(ImageError) -> UInt64? {
        var attributes = PaxAttributes()
        var longName: [UInt8]?
        var hasAttributes = false
        var position = start
        while true {
            guard let header = try header(at: position) else {
                if position > start {
                    warnings.append("the archive ends at \(position), where a header of a member is expected")
                }
                return nil
            }
            // No overflow: both are below 2^63.
            let data = position + UInt64(TarHeader.blockSize)
            switch header.typeFlag {
            case UInt8(ascii: "x"):
                let records = try read("pax records", data, header.size, limit: Self.maximumRecords)
                try attributes.add(
                    PaxRecords(records, at: data), in: data..<data + UInt64(records.count))
                hasAttributes = true
            case UInt8(ascii: "L"):
                let limit = UInt64(Self.maximumName) + 1
                longName = TarHeader.text(try read("long name", data, header.size, limit: limit)[...])
            // Reading a member needs neither the records for all members nor the target of a link.
            case UInt8(ascii: "g"), UInt8(ascii: "K"): break
            default:
                note(header.variant, hasAttributes: hasAttributes)
                return try add(header, position, attributes, longName)
            }
            guard let next = try end(of: header.size, at: data) else { return nil }
            position = next
        }
    }

    /// The header at `position`. Nil at the end of the archive, which a block of zeroes marks as well.
    private mutating func header(at position: UInt64) throws(ImageError) -> TarHeader? {
        guard position < source.size else { return nil }
        // What comes before is there. A file that is no longer than this is no archive.
        if position > 0,
            let reason = source.shortfall(of: "header", at: position, count: UInt64(TarHeader.blockSize))
        {
            warnings.append("the archive is cut short: \(reason)")
            return nil
        }
        let fields = try Fields("header", of: source, at: position, count: TarHeader.blockSize)
        if fields.bytes.allSatisfy({ $0 == 0 }) { return nil }
        headers += 1
        guard headers <= Self.maximumHeaders else {
            throw ImageError(.limit, "the archive has more than \(Self.maximumHeaders) headers")
        }
        return try TarHeader(fields)
    }

    /// Adds the member with `header` at `position`. Returns the start of the next member.
    private mutating func add(
        _ header: TarHeader, _ position: UInt64, _ attributes: PaxAttributes, _ longName: [UInt8]?
    ) throws(ImageError) -> UInt64? {
        var data = position + UInt64(TarHeader.blockSize)
        var size = attributes.size ?? header.size
        let name = attributes.sparseName ?? attributes.path ?? longName ?? header.name
        guard name.count <= Self.maximumName else {
            throw ImageError(
                .limit,
                "the name of the member at \(position) has \(name.count) bytes, more than \(Self.maximumName)"
            )
        }
        var kind = TarMember.Kind(typeFlag: header.typeFlag)
        if kind == .file, name.last == UInt8(ascii: "/") { kind = .directory }
        // For these kinds, the size is not the length of data that follows (POSIX.1-2017, pax, "typeflag").
        if let known = kind, known != .file {
            size = known == .hardLink ? try dataSize(ofLink: size, at: data) : 0
            if size > 0 { kind = .file }
        }
        var member = TarMember(
            name: name, kind: kind ?? .file, header: position, size: attributes.sparseSize ?? size,
            stored: data..<data, map: attributes.map)
        if header.typeFlag == UInt8(ascii: "S") {
            if header.variant == .gnu {
                let extensions = try sparseExtensions(header, at: data)
                data += extensions * UInt64(TarHeader.blockSize)
                member.map = .headers(extensions: extensions)
                member.size = try TarHeader.number("realsize", header.fields, at: 483, width: 12)
            } else {
                member.map = .unknown("type S without GNU's header")
            }
        }
        // Below 2^64, as both are below 2^63.
        member.stored = data..<data + size
        if kind != nil { members.append(member) }
        return try end(of: size, at: data)
    }

    /// The bytes of data that follow the header of a hard link, from `start` on. `size` is the size in the header.
    ///
    /// pax lets a hard link carry the data of the file (POSIX.1-2017, pax, "typeflag"). Older programs stored the size,
    /// but no data. The content at the offset of the next header tells them apart.
    private func dataSize(ofLink size: UInt64, at start: UInt64) throws(ImageError) -> UInt64 {
        guard size > 0, source.holds(size, at: start) else { return 0 }
        let block = UInt64(TarHeader.blockSize)
        guard try !isHeader(at: start) else { return 0 }
        return try isHeader(at: start + (size + block - 1) / block * block) ? size : 0
    }

    /// True if a header or the end of the archive is at `position`.
    private func isHeader(at position: UInt64) throws(ImageError) -> Bool {
        guard position < source.size else { return true }
        guard UInt64(TarHeader.blockSize) <= source.size - position else { return false }
        let fields = try Fields("header", of: source, at: position, count: TarHeader.blockSize)
        return fields.bytes.areZeroes || (try? TarHeader(fields)) != nil
    }

    /// The number of further headers of a sparse member, from `start` on (GNU tar manual, "Old GNU Format").
    private mutating func sparseExtensions(
        _ header: TarHeader, at start: UInt64
    ) throws(ImageError) -> UInt64 {
        var isExtended = header.fields.bytes[482] != 0
        var count: UInt64 = 0
        while isExtended {
            let place = start + count * UInt64(TarHeader.blockSize)
            let block = try read(
                "sparse header", place, UInt64(TarHeader.blockSize), limit: UInt64(TarHeader.blockSize))
            isExtended = block[504] != 0
            count += 1
        }
        return count
    }

    /// The offset of the header behind data of `size` bytes from `start` on. Nil if the archive ends before it.
    private mutating func end(of size: UInt64, at start: UInt64) throws(ImageError) -> UInt64? {
        if let reason = source.shortfall(of: "data", at: start, count: size) {
            warnings.append("the archive is cut short: \(reason)")
            return nil
        }
        let block = UInt64(TarHeader.blockSize)
        let padding = (block - size % block) % block
        return padding <= source.size - start - size ? start + size + padding : nil
    }

    /// Reads `count` bytes from `offset` on. Throws `limit` if there are more than `limit`, or too many in all.
    /// `structure` names them in errors.
    private mutating func read(
        _ structure: StaticString, _ offset: UInt64, _ count: UInt64, limit: UInt64
    ) throws(ImageError) -> [UInt8] {
        guard count <= limit else {
            throw ImageError(.limit, "\(structure) at \(offset) take \(count) bytes, more than \(limit)")
        }
        metadata += count
        guard metadata <= Self.maximumMetadata else {
            throw ImageError(
                .limit,
                "names, pax records and sparse headers take more than \(Self.maximumMetadata) bytes by \(offset)"
            )
        }
        return try Fields(structure, of: source, at: offset, count: Int(count)).bytes
    }

    /// Updates the archive's variant by a header.
    private mutating func note(_ header: TarHeader.Variant, hasAttributes: Bool) {
        if hasAttributes {
            variant = "pax"
        } else if variant.isEmpty {
            variant = header.rawValue
        }
    }
}
