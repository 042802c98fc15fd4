import VitrineFormats

/// How many warnings there may be of one table, with the one that counts the others.
private let maximumWarnings = 21

/// Reads any bytes as a disk with a partition table; every partition found must lie on the disk, behind the numbers of the others.
///
/// The first two bytes say how large the disk is: the fuzzer's bytes are its start, and its end. Checksums stop a fuzzer, so each
/// disk is also tried with those of its GPTs mended.
func fuzzPartitions(_ bytes: [UInt8]) {
    var bytes = bytes
    guard bytes.count > 2 else { return }
    let padding = Int(bytes[0]) << 9 | Int(bytes[1]) << 5
    bytes.removeFirst(2)
    var disk = bytes + [UInt8](repeating: 0, count: padding) + bytes
    read(disk)
    var hasGPT = false
    for size in [512, 4096, 2048, 1024] where disk.count / size >= 2 {
        for start in [size, (disk.count / size - 1) * size] {
            hasGPT = mendGPT(at: start, sectorSize: size, in: &disk) || hasGPT
        }
    }
    if hasGPT { read(disk) }
}

private func read(_ bytes: [UInt8]) {
    for sectorSize in [nil] + PartitionTable.sectorSizes.map(Optional.some) { read(bytes, sectorSize) }
}

private func read(_ bytes: [UInt8], _ sectorSize: UInt64?) {
    let disk = MemorySource(bytes)
    guard let table = try? PartitionTable.read(disk, sectorSize: sectorSize) else { return }
    var previous = 0
    for partition in table.partitions {
        precondition(partition.number > previous, "partition \(partition.number) behind \(previous)")
        precondition(!partition.range.isEmpty && partition.range.upperBound <= disk.size)
        previous = partition.number
    }
    precondition(table.warnings.count <= maximumWarnings, "\(table.warnings.count) warnings")
}

/// Puts the checksums right of the GPT whose header starts at `start`, and of its entries; returns whether there is one.
private func mendGPT(at start: Int, sectorSize: Int, in disk: inout [UInt8]) -> Bool {
    guard disk[start...].starts(with: "EFI PART".utf8) else { return false }
    let fields = Fields(disk, at: 0)
    guard let size: UInt32 = try? fields.little("HeaderSize", at: start + 12),
        (92...sectorSize).contains(Int(size)),
        let lba: UInt64 = try? fields.little("PartitionEntryLBA", at: start + 72),
        let count: UInt32 = try? fields.little("NumberOfPartitionEntries", at: start + 80),
        let entrySize: UInt32 = try? fields.little("SizeOfPartitionEntry", at: start + 84)
    else { return false }
    let length = UInt64(count) * UInt64(entrySize)
    if lba < disk.count / sectorSize, length <= UInt64(disk.count) - lba * UInt64(sectorSize) {
        let entries = Int(lba) * sectorSize
        put(CRC32.of(disk[entries..<entries + Int(length)]), into: &disk, at: start + 88)
    }
    put(0, into: &disk, at: start + 16)
    put(CRC32.of(disk[start..<start + Int(size)]), into: &disk, at: start + 16)
    return true
}

private func put(_ value: UInt32, into bytes: inout [UInt8], at offset: Int) {
    for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
}
