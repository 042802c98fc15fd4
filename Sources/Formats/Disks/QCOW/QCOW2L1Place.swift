/// Where an L1 table lies: that of the disk's present state, or of a snapshot.
struct QCOW2L1Place: Sendable {
    /// Where it starts in the file, in bytes; a multiple of the cluster size.
    let offset: UInt64

    /// How many entries of 8 bytes it has. Those past the end of the disk are for the state of a virtual machine.
    let count: UInt32

    /// Throws unless the table lies inside `file`, takes at most `maximumSize` bytes, and is enough for a disk of
    /// `size` bytes, where an entry stands for 2^`coverageBits` bytes. `owner` is whose table it is, in words.
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
        guard offset & (clusterSize - 1) == 0 else {
            throw ImageError(
                .corrupt,
                "\(owner): l1_table_offset is \(offset), expected a multiple of the cluster size, \(clusterSize)"
            )
        }
        guard count == 0 || file.holds(UInt64(count) * 8, at: offset) else {
            throw ImageError(
                .corrupt,
                "\(owner): the L1 table at \(offset) takes \(UInt64(count) * 8) bytes, but the end is at \(file.size)"
            )
        }
    }

    /// How many entries a disk of `size` bytes takes.
    static func needed(_ size: UInt64, _ coverageBits: UInt64) -> UInt64 {
        size == 0 ? 0 : (size - 1) >> coverageBits + 1
    }
}
