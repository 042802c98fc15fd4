/// A snapshot inside a qcow2 image: a state of the disk, with an L1 table of its own.
struct QCOW2Snapshot: Sendable {
    let id: String
    let name: String
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
}
