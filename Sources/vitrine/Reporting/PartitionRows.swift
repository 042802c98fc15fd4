import VitrineFormats

/// The rows of the table that tells of partitions and logical volumes.
struct PartitionRows {
    private var rows: [[String]] = []

    /// True if there are other rows than those of logical volumes.
    private var hasPartitions = false

    /// The lines below the table.
    private var notes: [String] = []

    mutating func add(_ name: String, _ partition: Partition, _ finding: DiskContents.Finding) {
        hasPartitions = true
        add(
            [
                name, "\(partition.range.lowerBound)",
                byteCount(partition.range.upperBound - partition.range.lowerBound),
                printable(partition.typeName ?? partition.type), printable(partition.name),
            ], finding)
    }

    /// The partitions of a disk inside what is called `outer`.
    mutating func add(_ nested: NestedDisk?, in outer: String) {
        guard let nested else { return }
        for (partition, finding) in zip(nested.table.partitions, nested.findings) {
            add("  \(outer)/p\(partition.number)", partition, finding)
        }
    }

    mutating func add(_ contents: VolumeContents) {
        let volume = contents.volume
        add(["  \(volume.name)", "", byteCount(volume.size), "logical volume", ""], contents.finding)
        if let reason = volume.reason { notes.append("\(volume.name) cannot be read: \(reason.words)") }
        add(contents.nested, in: "  \(volume.name)")
    }

    private mutating func add(_ row: [String], _ finding: DiskContents.Finding) {
        rows.append(row + FileSystemReport.cells(finding))
        if case .slow = finding, notes.first != "* \(FileSystemReport.slowText)" {
            notes.insert("* \(FileSystemReport.slowText)", at: 0)
        }
    }

    var lines: [String] {
        let titles = ["", "offset", "size", "type", "name"] + FileSystemReport.cellTitles
        // A column that tells nothing is left out, but for the usual ones of partitions.
        let shown = titles.indices.filter { column in
            column < (hasPartitions ? 5 : 1) || rows.contains { column < $0.count && !$0[column].isEmpty }
        }
        return TextTable.lines(([titles] + rows).map { row in shown.map { $0 < row.count ? row[$0] : "" } })
            + notes.map { "  \($0)" }
    }
}
