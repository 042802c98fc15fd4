/// The attributes in the pax headers of a member that matter for reading it.
struct PaxAttributes {
    var path: [UInt8]?
    var size: UInt64?

    /// The name of a sparse member. In forms 0.1 and 1.0, its name in `path` is made up.
    var sparseName: [UInt8]?

    /// The size of a sparse member, holes included.
    var sparseSize: UInt64?

    /// The version of the sparse form, which members have from 1.0 on.
    var sparseMajor: UInt64?
    var sparseMinor: UInt64?

    /// The range of the archive with the records that hold the map, in forms 0.0 and 0.1.
    var mapRecords: Range<UInt64>?

    /// True if star stored the member as sparse, in a form of its own.
    var isStarSparse = false

    /// Adds the values in `records`, which are the bytes of `range` of the archive. A later value replaces an earlier
    /// one. An empty one removes it.
    mutating func add(_ records: PaxRecords, in range: Range<UInt64>) throws(ImageError) {
        var attributes = self
        try records.forEach { (key, value, place) throws(ImageError) in
            try attributes.set(String(decoding: key, as: UTF8.self), value, place, range)
        }
        self = attributes
    }

    private mutating func set(
        _ key: String, _ value: ArraySlice<UInt8>, _ place: UInt64, _ range: Range<UInt64>
    ) throws(ImageError) {
        let text = value.isEmpty ? nil : Array(value)
        switch key {
        case "path": path = text
        case "size": size = value.isEmpty ? nil : try PaxRecords.number("pax size", value, place)
        case "GNU.sparse.name": sparseName = text
        case "GNU.sparse.size", "GNU.sparse.realsize":
            sparseSize = try PaxRecords.number("GNU.sparse.realsize", value, place)
        case "GNU.sparse.major": sparseMajor = try PaxRecords.number("GNU.sparse.major", value, place)
        case "GNU.sparse.minor": sparseMinor = try PaxRecords.number("GNU.sparse.minor", value, place)
        case "GNU.sparse.numblocks", "GNU.sparse.map", "GNU.sparse.offset": mapRecords = range
        case "SCHILY.realsize": isStarSparse = true
        default: break
        }
    }

    /// The location of the member's sparse map. Nil if the member is not sparse.
    var map: TarMember.MapForm? {
        if sparseMajor != nil || sparseMinor != nil {
            let (major, minor) = (sparseMajor ?? 0, sparseMinor ?? 0)
            return major == 1 && minor == 0 ? .data : .unknown("GNU \(major).\(minor)")
        }
        if let mapRecords { return .records(mapRecords) }
        if sparseSize != nil { return .unknown("GNU without a map") }
        return isStarSparse ? .unknown("star's") : nil
    }
}
