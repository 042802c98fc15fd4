/// A snapshot inside a qcow2 image: a state of the disk, with an L1 table of its own.
struct QCOW2Snapshot: Sendable {
    /// Its ID and its name, as they are stored; at most 65,535 bytes each.
    let id: [UInt8]
    let name: [UInt8]
    let l1: QCOW2L1Place

    /// The size of the disk then, in bytes; nil where it is not recorded, and that of now is meant.
    let diskSize: UInt64?

    /// The size of the state of the virtual machine, in bytes; 0 where none was saved.
    let stateSize: UInt64

    /// When it was taken, in seconds since 1970 and nanoseconds.
    let date: (seconds: UInt32, nanoseconds: UInt32)

    /// How long the virtual machine had run then, in nanoseconds.
    let clock: UInt64

    /// How many instructions it had executed; nil where that is not recorded.
    let instructions: UInt64?

    /// How much of an ID or a name is shown, in bytes: what qemu shows.
    private static let shownBytes = 255

    /// The same with no more of its ID and name than is needed to show them.
    var shortened: QCOW2Snapshot {
        QCOW2Snapshot(
            id: Array(id.prefix(Self.shownBytes + 1)), name: Array(name.prefix(Self.shownBytes + 1)), l1: l1,
            diskSize: diskSize, stateSize: stateSize, date: date, clock: clock, instructions: instructions)
    }

    /// An ID or a name, fit to be shown.
    static func text(_ bytes: [UInt8]) -> String {
        printable(String(decoding: bytes.prefix(shownBytes), as: UTF8.self))
            + (bytes.count > shownBytes ? "..." : "")
    }
}
