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

    /// The finding for the whole disk. Nil if it has a partition table.
    package private(set) var disk: Finding?

    /// The time that may be spent on decoding to describe a disk, in microseconds.
    package static let briefTime: UInt64 = 2_000_000

    /// The most partitions that are looked at.
    private static let maximumPartitions = 128

    /// Looks for file systems in the partitions of `table`, or on all of `disk` if there is none. Takes no more than `time`
    /// microseconds for decoding, as far as that can be told beforehand.
    ///
    /// Leaves out all partitions but those with the `numbers`, unless that is nil.
    package init(
        of disk: any Source, _ table: PartitionTable?, numbers: Set<Int>? = nil,
        within time: UInt64 = briefTime
    ) {
        var time = time
        guard let table else {
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
    }

    /// Looks for a file system in `range` of `disk`, if that takes no more than `time`. Takes the estimated time off.
    private static func find(
        in disk: any Source, _ range: Range<UInt64>, _ time: inout UInt64
    ) -> Finding {
        let needed = disk.decodingTime(at: range.lowerBound)
        guard needed <= time else { return .slow(needed) }
        time -= needed
        do throws(ImageError) {
            let place = try Slice(disk, range)
            // Superblocks further on are other places to decode.
            let found = try FileSystem.read(place, readsFar: disk.cost.isLow)
            return found.map { .fileSystem($0) } ?? .nothing
        } catch {
            return .unreadable(error)
        }
    }
}
