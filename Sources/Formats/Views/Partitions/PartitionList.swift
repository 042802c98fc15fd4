/// The partitions of a table, cut to fit the disk, and warnings about them.
struct PartitionList {
    /// The largest number of warnings that are kept. More are only counted: a table may have thousands of entries.
    static let maximumWarnings = 20

    let diskSize: UInt64
    let sectorSize: UInt64
    private var partitions: [Partition] = []
    private var warnings: [String]
    private var warningsLeftOut = 0

    /// The signature of the disk, if the identifiers of its partitions are made of that.
    private let diskSignature: UInt32?

    /// The numbers of the partitions that hold others.
    private var containers: Set<Int> = []

    init(diskSize: UInt64, sectorSize: UInt64, diskSignature: UInt32? = nil, _ warnings: [String]) {
        self.diskSignature = diskSignature
        self.diskSize = diskSize
        self.sectorSize = sectorSize
        self.warnings = warnings
    }

    /// Adds the partition `number`, which takes `sectors`. Cuts off what is not on the disk.
    mutating func add(
        _ number: Int, _ sectors: ClosedRange<UInt64>, type: String, typeName: String?, name: String = "",
        isContainer: Bool = false, uuid: String? = nil, attributes: UInt64 = 0
    ) {
        let wholeSectors = diskSize / sectorSize
        let text = "partition \(number) takes sectors \(sectors.lowerBound) to \(sectors.upperBound)"
        let isOnDisk =
            sectors.lowerBound < wholeSectors
            || sectors.lowerBound == wholeSectors && !diskSize.isMultiple(of: sectorSize)
        guard isOnDisk else {
            return warn("\(text) of \(sectorSize) bytes, but the disk has \(diskSize) bytes: it is left out")
        }
        let end: UInt64
        if sectors.upperBound < wholeSectors {
            end = (sectors.upperBound + 1) * sectorSize
        } else {
            end = diskSize
            warn("\(text) of \(sectorSize) bytes, but the disk has \(diskSize) bytes: it is cut off there")
        }
        partitions.append(
            Partition(
                number: number, range: sectors.lowerBound * sectorSize..<end, type: type, typeName: typeName,
                name: name, uuid: uuid ?? diskSignature.map { partitionUUID($0, number) },
                attributes: attributes))
        if isContainer { containers.insert(number) }
    }

    /// Notes that the partition `number` holds others, which are in the list as well.
    mutating func setContainer(_ number: Int) { containers.insert(number) }

    /// True if a partition takes exactly `sectors`.
    func contains(_ sectors: ClosedRange<UInt64>) -> Bool {
        guard sectors.upperBound < diskSize / sectorSize else { return false }
        let range = sectors.lowerBound * sectorSize..<(sectors.upperBound + 1) * sectorSize
        return partitions.contains { $0.range == range }
    }

    mutating func warn(_ warning: String) {
        if warnings.count < Self.maximumWarnings {
            warnings.append(warning)
        } else {
            warningsLeftOut += 1
        }
    }

    /// Completes the list and returns it as a table.
    consuming func table(_ scheme: PartitionTable.Scheme) -> PartitionTable {
        warnOfOverlaps(scheme)
        if warningsLeftOut > 0 { warnings.append("\(warningsLeftOut) more warnings are left out") }
        return PartitionTable(
            scheme: scheme, sectorSize: sectorSize, partitions: partitions, warnings: warnings)
    }

    /// The identifier of partition `number` on a disk with an MBR and its `signature` (libblkid/src/partitions/partitions.c,
    /// blkid_partition_gen_uuid).
    private func partitionUUID(_ signature: UInt32, _ number: Int) -> String {
        let digits = String(number, radix: 16)
        return hexDigits(signature) + (digits.count < 2 ? "-0" : "-") + digits
    }

    /// Warns of each partition that starts inside an earlier one.
    private mutating func warnOfOverlaps(_ scheme: PartitionTable.Scheme) {
        // In an MBR, one that starts with the table itself stands for all of the disk: ISO images that boot as disks have it.
        let sorted = partitions.filter {
            !containers.contains($0.number) && !(scheme == .mbr && $0.range.lowerBound == 0)
        }.sorted { ($0.range.lowerBound, $0.number) < ($1.range.lowerBound, $1.number) }
        guard var furthest = sorted.first else { return }
        for partition in sorted.dropFirst() {
            if partition.range.lowerBound < furthest.range.upperBound {
                let (low, high) = (
                    min(partition.number, furthest.number), max(partition.number, furthest.number)
                )
                warn("partitions \(low) and \(high) overlap")
            }
            if partition.range.upperBound > furthest.range.upperBound { furthest = partition }
        }
    }
}
