package import VitrineFormats

/// The places of a disk that come into question for a mount.
package struct MountPlan: Sendable {
    /// In the order in which they are looked into. Never empty.
    package let candidates: [MountCandidate]

    /// The file systems that are not among them because Linux does not mount them.
    package let others: [MountCandidate]

    /// True if every candidate is meant. If not, one is: the one that holds an operating system, if there are several.
    package let isForAll: Bool

    /// The path or number of the subvolume of btrfs that is meant. Nil if that was not said.
    package let subvolume: SystemString?

    /// The obstacles that keep the others from being mounted, as far as there may be files in them.
    var obstacles: [MountObstacle] { subvolume == nil ? Self.obstacles(others) : [] }

    /// The plan for what the `wish` is of the `disk`, which has the partition `table`.
    ///
    /// Throws a text that lists the partitions and volumes if there is nothing to mount.
    package init(
        _ disk: any Source, _ table: PartitionTable?, _ wish: MountWish, subvolume: SystemString? = nil
    ) throws(MountError) {
        self.subvolume = subvolume
        var found: [MountCandidate]
        var all: [MountCandidate] = []
        switch wish {
        case .partition(let choice): found = [try Self.chosen(choice, disk, table)]
        case .volume(let name): found = [try Self.volume(name, disk, table)]
        case .root:
            // Looking at a partition may take decoding: those come first whose type says that they are meant.
            let marks = RootMarks.all(in: table)
            found = marks.count == 1 ? Self.marked(disk, table, marks).filter { $0.type != nil } : []
            if found.isEmpty {
                all = try Self.candidates(disk, table, marks)
                found = Self.roots(all)
            }
        case .all:
            all = try Self.candidates(disk, table, [:])
            found = all.filter { $0.type != nil }
        }
        isForAll = if case .all = wish { true } else { false }
        if subvolume != nil, !found.isEmpty {
            let names = found.map { "\($0.title) is \($0.fileSystem.kind)" }.joined(separator: ", ")
            found = found.filter { $0.fileSystem.kind == "btrfs" }
            guard !found.isEmpty else { throw MountError("only btrfs has subvolumes: \(names)") }
        }
        // What volumes lie on is mounted by these.
        let hasVolumes = all.contains { $0.volume != nil }
        others = all.filter { $0.type == nil && !(hasVolumes && $0.fileSystem.kind == "LVM2_member") }
        guard !found.isEmpty else { throw Self.nothing(all, hasTable: table != nil) }
        candidates = found
    }

    /// The same plan with just these `candidates`.
    package func with(_ candidates: [MountCandidate]) -> MountPlan {
        MountPlan(candidates: candidates, others: others, isForAll: isForAll, subvolume: subvolume)
    }

    private init(
        candidates: [MountCandidate], others: [MountCandidate], isForAll: Bool, subvolume: SystemString?
    ) {
        self.candidates = candidates
        self.others = others
        self.isForAll = isForAll
        self.subvolume = subvolume
    }

    /// The candidates that programs show without root.
    ///
    /// Throws if there are none.
    package func mountedByPrograms() throws(MountError) -> [MountCandidate] {
        let possible = candidates.filter { $0.program != nil }
        guard possible.isEmpty else { return possible }
        throw MountError(
            candidates.map { "\($0.title) holds \($0.fileSystem.kind)" }.joined(separator: ", ")
                + ", and without root, only \(FileSystemProgram.kinds) can be mounted", remedy: .root)
    }

    /// The partition that was asked for.
    private static func chosen(
        _ choice: PartitionChoice, _ disk: any Source, _ table: PartitionTable?
    ) throws(MountError) -> MountCandidate {
        let partition: Partition
        var finding: DiskContents.Finding?
        do throws(ImageError) {
            let chosen = try choice.choose(from: table, of: disk)
            partition = chosen.partition
            finding = chosen.finding
        } catch {
            throw MountError("\(error)")
        }
        if finding == nil, let table {
            let contents = DiskContents(of: disk, table, numbers: [partition.number], within: .max)
            finding = zip(table.partitions, contents.partitions).first { $0.0.number == partition.number }?.1
        }
        let title = "partition \(partition.number)"
        switch finding {
        case .fileSystem(let system):
            let candidate = MountCandidate(
                partition: partition.number, range: partition.range, fileSystem: system,
                reason: "it was asked for", entry: partition)
            guard let obstacle = candidate.obstacle else { return candidate }
            throw MountError(
                "\(title) holds \(system.kind), which Linux does not mount", obstacles: [obstacle])
        case .unreadable(let error): throw MountError("\(title) cannot be read: \(error)")
        case .nothing, .slow, .leftOut, nil:
            let size = DiskContents(of: disk, table, within: DiskContents.briefTime).otherSectorSize
            throw MountError(
                "\(title) holds no file system that is known",
                obstacles: size.map { [.sectorSize($0)] } ?? [])
        }
    }

    /// The logical volume called `name`.
    private static func volume(
        _ name: String, _ disk: any Source, _ table: PartitionTable?
    ) throws(MountError) -> MountCandidate {
        let contents = DiskContents(of: disk, table, findingVolume: name)
        guard let found = contents.volume(name) else {
            let names = contents.volumes.map(\.volume.name).joined(separator: ", ")
            throw MountError(
                "there is no logical volume \(printable(name)); there "
                    + (names.isEmpty ? "are none" : "are: \(names)"))
        }
        if let reason = found.volume.reason { throw MountError("volume \(name) cannot be read: \(reason)") }
        guard var candidate = MountCandidate(found) else {
            throw MountError("volume \(name) holds no file system that is known")
        }
        guard candidate.type != nil else {
            throw MountError("volume \(name) holds \(candidate.fileSystem.kind), which Linux does not mount")
        }
        candidate.reason = "it was asked for"
        return candidate
    }

    /// The file systems of the disk: those in partitions, with the reasons that `marks` give, that on the whole disk, and those in logical
    /// volumes.
    private static func candidates(
        _ disk: any Source, _ table: PartitionTable?, _ marks: [Int: String]
    ) throws(MountError) -> [MountCandidate] {
        let contents = DiskContents(of: disk, table, within: .max)
        if let size = contents.otherSectorSize {
            throw MountError(
                "there is no file system where the partition table says", obstacles: [.sectorSize(size)])
        }
        var all = candidates(table, contents, marks)
        if case .fileSystem(let system) = contents.disk {
            // What starts with the disk is the same once more.
            all.removeAll { $0.range.lowerBound == 0 }
            let reason = all.isEmpty ? "it is all of the disk" : "the disk is an image of a CD or DVD"
            all.append(
                MountCandidate(
                    partition: nil, range: 0..<disk.size, fileSystem: system, reason: reason))
        }
        return all + contents.volumes.compactMap { MountCandidate($0) }
    }

    /// The file systems in the partitions that `marks` name, and in no others.
    private static func marked(
        _ disk: any Source, _ table: PartitionTable?, _ marks: [Int: String]
    ) -> [MountCandidate] {
        let contents = DiskContents(of: disk, table, numbers: Set(marks.keys), within: .max)
        return candidates(table, contents, marks)
    }

    private static func candidates(
        _ table: PartitionTable?, _ contents: DiskContents, _ marks: [Int: String]
    ) -> [MountCandidate] {
        zip(table?.partitions ?? [], contents.partitions).compactMap { partition, finding in
            guard case .fileSystem(let system) = finding else { return nil }
            return MountCandidate(
                partition: partition.number, range: partition.range, fileSystem: system,
                reason: marks[partition.number], entry: partition)
        }
    }

    /// Those of `all` in which the root of a system may lie: a single one that is marked, or those that must be looked into.
    private static func roots(_ all: [MountCandidate]) -> [MountCandidate] {
        let possible = all.filter { $0.mayBeRoot }
        let marked = possible.filter { $0.reason != nil && $0.partition != nil }
        if marked.count == 1 { return marked }
        // Without partitions, it need not be a root.
        return possible.isEmpty
            ? all.filter { $0.partition == nil && $0.volume == nil && $0.type != nil } : possible
    }

    /// The error if none of `all` comes into question.
    private static func nothing(_ all: [MountCandidate], hasTable: Bool) -> MountError {
        let obstacles = obstacles(all)
        if !hasTable {
            let what =
                all.first.map { "what is there is \($0.fileSystem.kind), which Linux does not mount" }
                ?? "no file system was found"
            return MountError("there is no partition table, and \(what)", obstacles: obstacles)
        }
        return MountError(
            "no partition or volume holds a file system that a system could start from\(list(all))",
            obstacles: obstacles)
    }

    private static func obstacles(_ candidates: [MountCandidate]) -> [MountObstacle] {
        candidates.filter { $0.fileSystem.kind != "swap" }.compactMap(\.obstacle)
    }

    /// The partitions and volumes with file systems, for an error.
    static func list(_ all: [MountCandidate]) -> String {
        guard !all.isEmpty else { return "" }
        return "; there are: " + all.map { "\($0.title) (\($0.kind))" }.joined(separator: ", ")
    }
}

extension MountCandidate {
    /// The logical volume with `contents`. Nil if it cannot be read, or holds no file system.
    fileprivate init?(_ contents: VolumeContents) {
        guard case .fileSystem(let system) = contents.finding else { return nil }
        self.init(
            partition: nil, range: 0..<contents.volume.size, fileSystem: system, volume: contents.volume)
    }
}
