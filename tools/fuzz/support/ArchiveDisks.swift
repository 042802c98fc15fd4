import VitrineFormats

/// The disks in an archive, each opened as a user would choose it.
struct ArchiveDisks {
    /// How many names are tried.
    private static let maximumNames = 8

    /// How many disks of one archive.
    private static let maximumDisks = 4

    /// What there is to say about the archive, and what is in it; nil where it cannot be read.
    private(set) var description: ImageDescription?

    private let archive: MemorySource
    private let how: UInt8
    private let engine: Engine
    private var names = 0

    /// Those in `archive`, to be opened as `how` says.
    init(_ archive: MemorySource, _ how: UInt8, _ engine: Engine) {
        self.archive = archive
        self.how = how
        self.engine = engine
    }

    /// Checks what `member` names, or the only disk there is; where there are several, each of them.
    mutating func check(_ member: String? = nil) {
        names += 1
        guard names <= Self.maximumNames else { return }
        var options = OpenOptions(formats: [Format.tar.name], how, engine: engine)
        options.formatOptions.member = member.map { SystemString($0) }
        let description = try? ImageDescription("fuzz.tar", archive, options)
        if member == nil { self.description = description }
        let image = try? Image("fuzz.tar", archive, options)
        guard let image else {
            for name in description.map(Self.choices) ?? [] { check(name) }
            return
        }
        precondition(description?.size == image.size, "two sizes of one disk")
        if image.stack == "raw in tar" { requireReadable(image.disk) }
        DiskWalk(image.disk).check()
    }

    /// What chooses a disk where `description` is undecided: its name, behind those of the archives that it lies in.
    private static func choices(_ description: ImageDescription) -> [String] {
        guard let last = description.layers.last, last.format == Format.tar.name else { return [] }
        let archives = description.layers.compactMap { text("member", $0.properties).map { $0 + "/" } }
        let disks = last.properties.first { $0.key == "disks" }
        guard case .records(let records, _) = disks?.value else { return [] }
        return records.prefix(maximumDisks).compactMap { text("name", $0) }.map { archives.joined() + $0 }
    }

    private static func text(_ key: String, _ properties: [Layer.Property]) -> String? {
        guard case .text(let text) = properties.first(where: { $0.key == key })?.value else { return nil }
        return text
    }

    /// What lies in an archive as it is can be read, wherever that is.
    private func requireReadable(_ disk: any Source) {
        for part in 0..<16 {
            let offset = disk.size / 16 * UInt64(part)
            let bytes = try? disk.bytes(at: offset, count: Int(min(4096, disk.size - offset)))
            precondition(bytes != nil, "a member that cannot be read")
        }
    }
}
