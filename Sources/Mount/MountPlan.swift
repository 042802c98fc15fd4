package import VitrineFormats

/// The places of a disk that come into question for a mount, the best first.
package struct MountPlan: Sendable {
    /// If there are several, the one that holds an operating system is meant.
    package let candidates: [MountCandidate]

    /// The plan for `partition` of the `disk`, which has the partition `table`, or for the root of its system if that is nil.
    ///
    /// Throws a text that lists the partitions if there is nothing to mount.
    package init(_ disk: any Source, _ table: PartitionTable?, partition: Int?) throws(MountError) {
        // Looking at a partition may take decoding: those come first whose number or type says that they are meant.
        let marked = Self.marked(table, partition)
        if marked.count == 1, let found = Self.candidates(disk, table, marked).first, found.type != nil {
            candidates = [found]
            return
        }
        let all = Self.candidates(disk, table, nil)
        if let partition { throw Self.failure(partition, table, all) }
        guard table != nil else {
            guard let whole = all.first, whole.type != nil else {
                throw MountError(
                    "there is no partition table, and "
                        + (all.first.map {
                            "what is there is \($0.fileSystem.kind), which Linux does not mount"
                        }
                            ?? "no file system was found"))
            }
            candidates = [whole]
            return
        }
        let marks = all.filter { $0.mayBeRoot && $0.reason != nil }
        let possible = marks.count == 1 ? marks : all.filter(\.mayBeRoot)
        guard !possible.isEmpty else {
            throw MountError(
                "no partition holds a file system that a system could start from\(Self.list(all))")
        }
        candidates = possible
    }

    /// The partitions that are meant before their content is known, and the reasons.
    private static func marked(_ table: PartitionTable?, _ partition: Int?) -> [Int: String] {
        var marked: [Int: String] = [:]
        for candidate in table?.partitions ?? [] {
            if let partition {
                if candidate.number == partition { marked[partition] = "it was asked for" }
            } else if candidate.typeName?.hasPrefix("Linux root") == true {
                marked[candidate.number] = "its type says so"
            }
        }
        return marked
    }

    /// The file systems of the disk, or only those of the partitions `marked`, which give the reasons.
    private static func candidates(
        _ disk: any Source, _ table: PartitionTable?, _ only: [Int: String]?
    ) -> [MountCandidate] {
        let contents = DiskContents(of: disk, table, numbers: only.map { Set($0.keys) }, within: .max)
        guard let table else {
            guard case .fileSystem(let system) = contents.disk else { return [] }
            return [
                MountCandidate(
                    partition: nil, range: 0..<disk.size, fileSystem: system, reason: "it is all of the disk")
            ]
        }
        let reasons = only ?? marked(table, nil)
        return zip(table.partitions, contents.partitions).compactMap { partition, finding in
            guard case .fileSystem(let system) = finding else { return nil }
            return MountCandidate(
                partition: partition.number, range: partition.range, fileSystem: system,
                reason: reasons[partition.number])
        }
    }

    /// The reason that partition `number` cannot be mounted. `all` are the file systems there are.
    private static func failure(
        _ number: Int, _ table: PartitionTable?, _ all: [MountCandidate]
    ) -> MountError {
        let what: String =
            if let found = all.first(where: { $0.partition == number }) {
                "partition \(number) holds \(found.fileSystem.kind), which Linux does not mount"
            } else if table?.partitions.contains(where: { $0.number == number }) == true {
                "partition \(number) holds no file system that is known"
            } else {
                "there is no partition \(number)"
            }
        return MountError(what + list(all))
    }

    /// The partitions with file systems, for an error.
    static func list(_ all: [MountCandidate]) -> String {
        guard !all.isEmpty else { return "" }
        return "; there are: "
            + all.map {
                "\($0.title) (\($0.fileSystem.kind)\($0.fileSystem.label.map { ", \(printable($0))" } ?? ""))"
            }
            .joined(separator: ", ")
    }
}
