import VitrineFormats

/// The part of the output of `vitrine info` that tells what the disk or its partitions hold.
enum FileSystemReport {
    // MARK: For people

    /// The partitions of `table`, a line each, with the `findings` in them.
    static func lines(_ table: PartitionTable, _ findings: [DiskContents.Finding]) -> [String] {
        let rows = table.partitions.enumerated().map { index, partition in
            [
                "p\(partition.number)", "\(partition.range.lowerBound)",
                byteCount(partition.range.upperBound - partition.range.lowerBound),
                printable(partition.typeName ?? partition.type), printable(partition.name),
            ] + (index < findings.count ? cells(findings[index]) : [])
        }
        let titles = ["", "offset", "size", "type", "name"] + cellTitles
        // A column that tells nothing of any partition is left out.
        let shown = titles.indices.filter { column in
            column < 5 || rows.contains { column < $0.count && !$0[column].isEmpty }
        }
        let lines = TextTable.lines(
            ([titles] + rows).map { row in shown.map { $0 < row.count ? row[$0] : "" } })
        let isSlow = findings.contains { if case .slow = $0 { true } else { false } }
        return isSlow ? lines + ["  * \(slowText)"] : lines
    }

    /// The whole disk, under the `title`.
    static func lines(_ finding: DiskContents.Finding, title: String) -> [String] {
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

    private static let slowText =
        "file systems that take long to decode were not looked at; with an index (vitrine index) they are"

    private static let cellTitles = ["file system", "label", "used", "state", "UUID"]

    private static func cells(_ finding: DiskContents.Finding) -> [String] {
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
