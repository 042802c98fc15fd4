import VitrineFormats

/// The part of the output of `vitrine info` that tells what the disk or its partitions hold.
enum FileSystemReport {
    // MARK: For people

    /// The partitions of `table`, a line each, with what `contents` tells of them: file systems, and indented below, logical volumes
    /// and the partitions of disks inside.
    static func lines(_ table: PartitionTable, _ contents: DiskContents) -> [String] {
        var rows = PartitionRows()
        for (index, partition) in table.partitions.enumerated() {
            let name = "p\(partition.number)"
            rows.add(
                name, partition,
                index < contents.partitions.count ? contents.partitions[index] : .leftOut)
            rows.add(contents.nested[index], in: name)
            for volume in contents.volumes where volume.partition == index { rows.add(volume) }
        }
        return rows.lines
    }

    /// The whole disk, under the `title`, and the logical volumes that are not in partitions.
    static func lines(_ contents: DiskContents, title: String) -> [String] {
        guard let finding = contents.disk else { return [] }
        let volumes = contents.volumes.filter { $0.partition == nil }
        var rows = PartitionRows()
        for volume in volumes { rows.add(volume) }
        return lines(finding, title: title) + (volumes.isEmpty ? [] : ["", "logical volumes"] + rows.lines)
    }

    private static func lines(_ finding: DiskContents.Finding, title: String) -> [String] {
        switch finding {
        case .nothing, .leftOut: []
        case .slow: ["", "\(title); \(slowText)"]
        case .unreadable(let error): ["", "\(title); the file system was not read: \(error.words)"]
        case .fileSystem:
            ["", title]
                + TextTable.lines(
                    zip(cellTitles, cells(finding)).filter { !$0.1.isEmpty }.map { [$0.0, $0.1] })
        }
    }

    static let slowText =
        "file systems that take long to decode were not looked at; with an index (vitrine index) they are"

    static let cellTitles = ["file system", "label", "used", "state", "UUID"]

    /// The cells for a `finding`, under the titles.
    static func cells(_ finding: DiskContents.Finding) -> [String] {
        switch finding {
        case .nothing, .leftOut: []
        case .slow: ["*"]
        case .unreadable: ["cannot be read"]
        case .fileSystem(let system):
            [
                name(system), printable(system.label ?? ""), use(system), state(system.state),
                printable(system.uuid ?? ""),
            ]
        }
    }

    private static func name(_ system: FileSystem) -> String {
        let names = ([system.kind] + system.rivals).joined(separator: " or ")
        return system.variant.map { "\(names) (\(printable($0)))" } ?? names
    }

    private static func use(_ system: FileSystem) -> String {
        switch (system.used, system.size) {
        case (let used?, let size?): "\(byteCount(used)) of \(byteCount(size))"
        case (let used?, nil): byteCount(used)
        case (nil, _): ""
        }
    }

    private static func state(_ state: FileSystem.State) -> String {
        switch state {
        case .clean: "clean"
        case .journalToReplay: "journal to replay"
        case .notUnmounted: "not unmounted"
        case .damaged: "damaged"
        case .readOnly: "read-only"
        case .encrypted: "encrypted"
        case .hibernated: "hibernated"
        case .unknown: ""
        }
    }

    // MARK: For programs

    /// The members of the object of a partition or disk. `finding` is nil if there is nothing to look at.
    static func json(_ finding: DiskContents.Finding?) -> [String: JSONValue] {
        switch finding {
        case .fileSystem(let system):
            ["file-system": json(system), "file-system-not-read": .null]
        case .unreadable(let error):
            ["file-system": .null, "file-system-not-read": .string(error.words)]
        case .slow(let time):
            [
                "file-system": .null,
                "file-system-not-read": .string("decoding takes about \(time / 1_000_000) s"),
            ]
        case .leftOut:
            ["file-system": .null, "file-system-not-read": .string("there are too many partitions")]
        case .nothing, nil:
            ["file-system": .null, "file-system-not-read": .null]
        }
    }

    /// The logical volumes, a member for each, as in the exports; `numbers` are those of the partitions in the table.
    static func json(_ volumes: [VolumeContents], _ numbers: [Int]) -> JSONValue {
        .array(
            volumes.map { contents in
                .object(
                    [
                        "name": .string(contents.volume.name),
                        "size": .number(contents.volume.size),
                        "partition": contents.partition.map { .number(UInt64(numbers[$0])) } ?? .null,
                        "not-read": contents.volume.reason.map { .string($0.words) } ?? .null,
                        "partition-table": json(contents.nested),
                    ].merging(json(contents.volume.source == nil ? nil : contents.finding)) { old, _ in old })
            })
    }

    /// The partition table of a disk inside a partition or volume.
    static func json(_ nested: NestedDisk?) -> JSONValue {
        nested.map { json($0.table) { index in json(nested?.findings[index]) } } ?? .null
    }

    /// `table`, with `members` besides the usual ones for each partition.
    static func json(_ table: PartitionTable, _ members: (Int) -> [String: JSONValue]) -> JSONValue {
        .object([
            "scheme": .string(table.scheme.rawValue),
            "sector-size": .number(table.sectorSize),
            "partitions": .array(
                table.partitions.enumerated().map { index, partition in
                    .object(
                        [
                            "number": .number(UInt64(partition.number)),
                            "start": .number(partition.range.lowerBound),
                            "size": .number(partition.range.upperBound - partition.range.lowerBound),
                            "type": .string(partition.type),
                            "type-name": partition.typeName.map { .string($0) } ?? .null,
                            "name": .string(partition.name),
                            "uuid": partition.uuid.map { .string($0) } ?? .null,
                        ].merging(members(index)) { old, _ in old })
                }),
        ])
    }

    private static func json(_ system: FileSystem) -> JSONValue {
        .object([
            "type": .string(system.kind),
            "variant": system.variant.map { .string($0) } ?? .null,
            "label": system.label.map { .string($0) } ?? .null,
            "uuid": system.uuid.map { .string($0) } ?? .null,
            "size": system.size.map { .number($0) } ?? .null,
            "used": system.used.map { .number($0) } ?? .null,
            "state": .string(word(system.state)),
            "rivals": .array(system.rivals.map { .string($0) }),
        ])
    }

    private static func word(_ state: FileSystem.State) -> String {
        let text = Self.state(state).replacing(" ", with: "-")
        return text.isEmpty ? "unknown" : text
    }
}
