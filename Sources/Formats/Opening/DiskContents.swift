/// The file systems on a disk, as far as finding them takes little time.
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

    /// The most partitions that are looked at.
    private static let maximumPartitions = 128

    /// Looks for file systems in the partitions of `table`, or on all of `disk` if there are none. Takes no more than `time`
    /// microseconds for decoding, as far as that can be told beforehand.
    ///
    /// Leaves out everything but the partitions with the `numbers`, unless that is nil.
    package init(
        of disk: any Source, _ table: PartitionTable?, numbers: Set<Int>? = nil,
        within time: UInt64 = briefTime
    ) {
        var time = time
        guard let table, !table.partitions.isEmpty else {
            self.disk = Self.find(in: disk, 0..<disk.size, &time)
            return
        }
        partitions = Array(repeating: .leftOut, count: table.partitions.count)
        // In the order of their places, as what is decoded for one is then on the way to the next.
        let inOrder = table.partitions.indices.sorted {
            table.partitions[$0].range.lowerBound < table.partitions[$1].range.lowerBound
        }
        let wanted = inOrder.filter { numbers?.contains(table.partitions[$0].number) ?? true }
        for index in wanted.prefix(Self.maximumPartitions) {
            partitions[index] = Self.find(in: disk, table.partitions[index].range, &time)
        }
        guard numbers == nil else { return }
        self.disk = Self.opticalVolume(on: disk, &time)
        otherSectorSize = Self.otherSectorSize(of: table, on: disk, partitions, time)
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
}
