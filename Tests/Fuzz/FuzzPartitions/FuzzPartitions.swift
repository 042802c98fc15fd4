import VitrineFormats

/// Reads any bytes as a disk with a partition table; every partition found must lie on the disk.
///
/// The first two bytes say how large the disk is: the fuzzer's bytes are its start, and its end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPartitions(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The fuzzer owns these bytes for the time of this call, and says how many they are.
    var bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    guard bytes.count > 2 else { return 0 }
    let padding = Int(bytes[0]) << 9 | Int(bytes[1]) << 5
    bytes.removeFirst(2)
    let disk = MemorySource(bytes + [UInt8](repeating: 0, count: padding) + bytes)
    guard let table = try? PartitionTable.read(disk) else { return 0 }
    for partition in table.partitions {
        precondition(!partition.range.isEmpty && partition.range.upperBound <= disk.size)
    }
    return 0
}
