/// A snapshot inside a qcow2 image: a state of the disk, with an L1 table of its own.
struct QCOW2Snapshot: Sendable {
    /// The ID and the name as stored, at most 65,535 bytes each.
    let id: [UInt8]
    let name: [UInt8]
    let l1: QCOW2L1Fields

    /// The size of the disk at that time, in bytes. Nil if it is not recorded, which means the present size.
    let diskSize: UInt64?

    /// The size of the state of the virtual machine, in bytes. 0 if none was saved.
    let stateSize: UInt64

    /// The time at which the snapshot was taken, in seconds since 1970 and nanoseconds.
    let date: (seconds: UInt32, nanoseconds: UInt32)

    /// The time for which the virtual machine had run by then, in nanoseconds.
    let clock: UInt64

    /// The number of instructions that it had executed. Nil if that is not recorded.
    let instructions: UInt64?

    /// The largest number of bytes of an ID or a name that are shown, as in qemu.
    private static let shownBytes = 255

    /// The snapshot with its ID and name cut to what is needed to show them.
    var shortened: QCOW2Snapshot {
        QCOW2Snapshot(
            id: Array(id.prefix(Self.shownBytes + 1)), name: Array(name.prefix(Self.shownBytes + 1)), l1: l1,
            diskSize: diskSize, stateSize: stateSize, date: date, clock: clock, instructions: instructions)
    }

    /// The printable text of an ID or a name.
    static func text(_ bytes: [UInt8]) -> String {
        printable(String(decoding: bytes.prefix(shownBytes), as: UTF8.self))
            + (bytes.count > shownBytes ? "..." : "")
    }
}
