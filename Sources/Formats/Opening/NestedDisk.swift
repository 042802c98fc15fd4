/// A disk inside a partition or a logical volume: a guest's, say, that was written there.
package struct NestedDisk: Sendable {
    /// Its partitions, at least one. Their places are counted from the start of the partition or volume.
    package let table: PartitionTable

    /// The finding for each of them, in the order of the table.
    package let findings: [DiskContents.Finding]
}
