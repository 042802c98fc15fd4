/// The fields `l1_table_offset` and `l1_size`, of the header or of a snapshot: the L1 table of the disk as it was then.
struct QCOW2L1Fields: Sendable {
    /// The table's offset in the file, in bytes, a multiple of the cluster size.
    let offset: UInt64

    /// The number of entries, 8 bytes each. Those past the end of the disk hold the state of a virtual machine.
    let count: UInt32

    /// Throws unless the table lies inside `file`, takes at most `maximumSize` bytes, and covers a disk of `size`
    /// bytes. An entry covers 2^`coverageBits` bytes. `owner` names the table's owner in errors.
    func check(
        _ owner: String, size: UInt64, coverageBits: UInt64, clusterSize: UInt64, file: any Source,
        maximumSize: UInt64
    ) throws(ImageError) {
        guard UInt64(count) <= maximumSize / 8 else {
            throw ImageError(.limit, "\(owner): l1_size is \(count), expected \(maximumSize / 8) at most")
        }
        let needed = Self.needed(size, coverageBits)
        guard UInt64(count) >= needed else {
            throw ImageError(
                .corrupt, "\(owner): l1_size is \(count), but a disk of \(size) bytes takes \(needed)")
        }
        try QCOW2Header.requireAlignment("\(owner): l1_table_offset", offset, clusterSize)
        if count > 0 {
            try file.require("\(owner): the L1 table", at: offset, count: UInt64(count) * 8)
        }
    }

    /// The number of entries for a disk of `size` bytes.
    static func needed(_ size: UInt64, _ coverageBits: UInt64) -> UInt64 {
        size == 0 ? 0 : (size - 1) >> coverageBits + 1
    }
}
