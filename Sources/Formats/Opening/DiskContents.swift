/// The file systems and logical volumes on a disk, as far as finding them takes little time.
package struct DiskContents: Sendable {
    /// The result of looking for a file system.
    package enum Finding: Sendable {
        case fileSystem(FileSystem)
        case nothing
        /// The superblocks cannot be read.
        case unreadable(ImageError)
        /// Not looked for, because decoding the place takes about so many microseconds.
        case slow(UInt64)
        /// Not looked for, because nobody asked, or because there are so many partitions.
        case leftOut
    }

    /// The finding for each partition, in the order of the table. Empty if the disk has no table.
    package private(set) var partitions: [Finding] = []

    /// The finding for the whole disk. Nil if it has partitions, unless it is a CD or DVD image all the same: these have partitions
    /// to start from a disk.
    package private(set) var disk: Finding?

    /// The disks inside partitions, by the index of the partition in the table.
    package private(set) var nested: [Int: NestedDisk] = [:]

    /// The logical volumes, in the order of the metadata.
    package private(set) var volumes: [VolumeContents] = []

    /// The texts that the user should know before relying on volumes and nested disks, a sentence each.
    package private(set) var warnings: [String] = []

    /// The size of sectors, in bytes, with which there would be file systems where partitions start. Nil if there are some as it is.
    package private(set) var otherSectorSize: UInt64?

    /// The doubt that the table counts sectors of another size. Nil if there is none.
    package var doubt: ImageError? {
        otherSectorSize.map {
            ImageError(
                .corrupt,
                "partition table: there is no file system where it says, but there is one where it would say in sectors of \($0) bytes",
                remedy: Remedy(.sectorSize, "\($0)", "reads it so"))
        }
    }

    /// The time that may be spent on decoding to describe a disk, in microseconds.
    package static let briefTime: UInt64 = 2_000_000

    /// The most partitions that are looked at, and the most logical volumes.
    private static let maximumPlaces = 128

    /// The most nested disks that are listed, and the most partitions of each that are looked at.
    private static let maximumNested = 16

    /// The number of nested disks.
    private var nestedCount = 0

    /// Looks for file systems in the partitions of `table`, or on all of `disk` if there are none, and in the logical volumes
    /// there. Takes no more than `time` microseconds for decoding, as far as that can be told beforehand.
    ///
    /// Leaves out everything but the partitions with the `numbers`, unless that is nil.
    package init(
        of disk: any Source, _ table: PartitionTable?, numbers: Set<Int>? = nil,
        within time: UInt64 = briefTime
    ) {
        var time = time
        if let table, !table.partitions.isEmpty {
            partitions = Self.findings(table, of: disk, numbers: numbers, &time)
            if numbers == nil {
                self.disk = Self.opticalVolume(on: disk, &time)
                otherSectorSize = Self.otherSectorSize(of: table, on: disk, partitions, time)
            }
            for (index, partition) in table.partitions.enumerated() {
                guard case .nothing = partitions[index], !Self.holdsOthers(partition, table),
                    let source = try? Slice(disk, partition.range)
                else { continue }
                nested[index] = nestedDisk("p\(partition.number)", source, partitions[index], &time)
            }
        } else {
            self.disk = Self.find(in: disk, 0..<disk.size, &time)
        }
        findVolumes(disk, table, &time)
    }

    /// What the disk holds as far as that is needed to find the logical volume called `name`, which may take long: all of it if the
    /// volume is not there, or cannot be read.
    package init(of disk: any Source, _ table: PartitionTable?, findingVolume name: String) {
        // Looking at a partition may take decoding: those come first whose types say that they have volumes.
        self.init(of: disk, table, numbers: Self.volumePartitions(table), within: .max)
        if table != nil, volume(name)?.volume.source == nil {
            self = DiskContents(of: disk, table, within: .max)
        }
    }

    /// The numbers of the partitions in `table` whose types say that they have logical volumes.
    static func volumePartitions(_ table: PartitionTable?) -> Set<Int> {
        Set((table?.partitions ?? []).filter { $0.typeName == "Linux LVM" }.map(\.number))
    }

    /// The logical volume called `name`. Nil if there is none.
    package func volume(_ name: String) -> VolumeContents? { volumes.first { $0.volume.name == name } }

    // MARK: File systems

    /// The findings for the partitions of `table`, or just for those with the `numbers`.
    private static func findings(
        _ table: PartitionTable, of disk: any Source, numbers: Set<Int>? = nil, limit: Int = maximumPlaces,
        _ time: inout UInt64
    ) -> [Finding] {
        var findings = Array(repeating: Finding.leftOut, count: table.partitions.count)
        // In the order of their places, as what is decoded for one is then on the way to the next.
        let inOrder = table.partitions.indices.sorted {
            table.partitions[$0].range.lowerBound < table.partitions[$1].range.lowerBound
        }
        let wanted = inOrder.filter { numbers?.contains(table.partitions[$0].number) ?? true }
        for index in wanted.prefix(limit) {
            findings[index] = find(in: disk, table.partitions[index].range, &time)
        }
        return findings
    }

    /// The finding for all of `disk`, if that is a CD or DVD image.
    private static func opticalVolume(on disk: any Source, _ time: inout UInt64) -> Finding? {
        let finding = find(in: disk, 0..<disk.size, readsFar: false, &time)
        guard case .fileSystem(let system) = finding, ["iso9660", "udf"].contains(system.kind) else {
            return nil
        }
        return finding
    }

    /// The size of sectors with which an MBR has file systems where its partitions start, if it has none as `table` counts, whose
    /// `findings` are known. Nothing else tells the size.
    private static func otherSectorSize(
        of table: PartitionTable, on disk: any Source, _ findings: [Finding], _ time: UInt64
    ) -> UInt64? {
        let size: UInt64 = 4096
        let isEmpty = findings.allSatisfy { if case .nothing = $0 { true } else { false } }
        guard table.scheme == .mbr, table.sectorSize < size, isEmpty,
            let other = try? PartitionTable.read(disk, sectorSize: size)
        else { return nil }
        let found = DiskContents(of: disk, other, within: time)
        let isThere = found.partitions.contains { if case .fileSystem = $0 { true } else { false } }
        return isThere ? size : nil
    }

    /// Looks for a file system in `range` of `disk`, if that takes no more than `time`. Takes the estimated time off.
    private static func find(
        in disk: any Source, _ range: Range<UInt64>, readsFar: Bool = true, _ time: inout UInt64
    ) -> Finding {
        let needed = disk.decodingTime(at: range.lowerBound)
        guard needed <= time else { return .slow(needed) }
        time -= needed
        do throws(ImageError) {
            let place = try Slice(disk, range)
            // Superblocks further on are other places to decode.
            let found = try FileSystem.read(place, readsFar: readsFar && disk.cost.isLow)
            return found.map { .fileSystem($0) } ?? .nothing
        } catch {
            return .unreadable(error)
        }
    }

    // MARK: Nested disks

    /// True if `partition` starts with the `table` itself, or if others of it lie inside, as in an extended one.
    private static func holdsOthers(_ partition: Partition, _ table: PartitionTable) -> Bool {
        partition.range.lowerBound == 0
            || table.partitions.contains {
                $0.number != partition.number && partition.range.contains($0.range.lowerBound)
            }
    }

    /// The disk in `source`, which has the export name `name`, and in which `finding` was made. Nil if there is none.
    private mutating func nestedDisk(
        _ name: String, _ source: any Source, _ finding: Finding, _ time: inout UInt64
    ) -> NestedDisk? {
        // A boot sector may look like a table, so a file system is believed first. A nested disk is not looked into for others.
        guard case .nothing = finding, nestedCount < Self.maximumNested,
            let table = try? PartitionTable.read(source), !table.partitions.isEmpty
        else { return nil }
        nestedCount += 1
        warnings += table.warnings.map { "partition table in \(name): \($0)" }
        return NestedDisk(
            table: table, findings: Self.findings(table, of: source, limit: Self.maximumNested, &time))
    }

    // MARK: Volumes

    private mutating func findVolumes(_ disk: any Source, _ table: PartitionTable?, _ time: inout UInt64) {
        var indexes: [Int?] = []
        var places: [(title: String, source: any Source)] = []
        func add(_ finding: Finding?, _ range: Range<UInt64>, _ title: String, _ index: Int?) {
            guard case .fileSystem(let system) = finding, system.kind == LVM2.kind,
                let source = try? Slice(disk, range)
            else { return }
            indexes.append(index)
            places.append((title, source))
        }
        for (index, finding) in partitions.enumerated() {
            guard let partition = table?.partitions[index] else { continue }
            add(finding, partition.range, "partition \(partition.number)", index)
        }
        add(self.disk, 0..<disk.size, "the disk", nil)
        guard !places.isEmpty else { return }
        let found = LogicalVolumes(on: places, within: &time)
        warnings += found.warnings
        for (number, volume) in found.all.enumerated() {
            var contents = VolumeContents(volume: volume, partition: indexes[volume.place])
            if let source = volume.source, number < Self.maximumPlaces {
                contents.finding = Self.find(in: source, 0..<source.size, &time)
                contents.nested = nestedDisk(volume.name, source, contents.finding, &time)
            }
            volumes.append(contents)
        }
    }
}
