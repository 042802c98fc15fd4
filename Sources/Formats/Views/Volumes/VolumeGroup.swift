/// A volume group of LVM2, as the text in a metadata area describes it.
///
///     vg {
///         id = "…"  seqno = 7  extent_size = 8192
///         physical_volumes { pv0 { id = "…"  pe_start = 2048  pe_count = 255 } }
///         logical_volumes { root { … } }
///     }
///
/// Sizes are in sectors of 512 bytes, except that volumes are counted in extents.
struct VolumeGroup {
    /// A physical volume that belongs to the group.
    struct Member {
        let uuid: String
        /// The start of the first extent in the physical volume, in bytes.
        let start: UInt64
        /// The number of its extents.
        let extentCount: UInt64
        /// True if LVM has gone on without it, so that what is there is old.
        let isMissing: Bool
    }

    static let sectorSize: UInt64 = 512

    let name: String
    let uuid: String

    /// The number of changes to the group: the description with the highest is the current one.
    let sequence: UInt64

    /// The size of an extent, in bytes.
    let extentSize: UInt64

    /// The physical volumes, by the names that segments have for them.
    let members: [String: Member]

    /// The logical volumes, also those that are only parts of others. Those with impossible names are left out.
    let volumes: [(name: String, section: LVMSection)]

    /// Reads the `text` of a metadata area.
    ///
    /// Throws if that is damaged. What is wrong with a logical volume is left to its reader.
    init(_ text: [UInt8]) throws(ImageError) {
        let outermost = try LVMParser.parse(text)
        guard outermost.sections.count == 1, let only = outermost.sections.first else {
            throw ImageError(
                .corrupt, "the text describes \(outermost.sections.count) volume groups, expected 1")
        }
        let (name, group) = (only.name, only.content)
        guard Self.isName(name) else {
            throw ImageError(.corrupt, "the volume group has the impossible name \(brief(name))")
        }
        self.name = name
        let extentSize = try group.integer("extent_size", in: 1...UInt64(UInt32.max)) * Self.sectorSize
        var members: [String: Member] = [:]
        for section in group.section("physical_volumes")?.sections ?? [] {
            let key = section.name
            members[key] = try inside("physical volume \(brief(key))") { () throws(ImageError) in
                try Member(section.content, extentSize: extentSize)
            }
        }
        self.extentSize = extentSize
        self.members = members
        uuid = try group.text("id")
        sequence = try group.integer("seqno", in: 0...UInt64(UInt32.max))
        volumes = (group.section("logical_volumes")?.sections ?? []).filter { Self.isName($0.name) }
            .map { ($0.name, $0.content) }
    }

    /// True if LVM takes `name` for a group or a volume.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count < 128 && !name.hasPrefix("-") && name != "." && name != ".."
            && name.utf8.allSatisfy(LVMParser.isOfName)
    }
}

extension VolumeGroup.Member {
    fileprivate init(_ section: LVMSection, extentSize: UInt64) throws(ImageError) {
        uuid = try section.text("id")
        extentCount = try section.integer("pe_count", in: 0...UInt64(UInt32.max))
        let sectors = try section.integer("pe_start", in: 0...UInt64(Int64.max))
        guard let start = sectors.times(VolumeGroup.sectorSize),
            extentCount.times(extentSize)?.plus(start) != nil
        else {
            throw ImageError(
                .corrupt, "pe_start \(sectors) and pe_count \(extentCount) give more than 2^64 bytes")
        }
        self.start = start
        isMissing = section.has("MISSING", in: "flags")
    }
}

/// `text` from a description, fit to be shown, and not too long for that.
func brief(_ text: String) -> String {
    text.unicodeScalars.count <= 128
        ? printable(text) : printable(String(text.unicodeScalars.prefix(128))) + "…"
}
