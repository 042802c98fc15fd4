/// One partition of a disk.
public struct Partition: Equatable, Sendable {
    /// Its number, from 1, as Linux gives it: 5 and up for logical partitions and those of BSD and MINIX.
    public let number: Int

    /// Where it lies, in bytes from the start of the disk; inside the disk, never empty.
    public let range: Range<UInt64>

    /// Its type as the table has it: a GUID in upper case, `0x83`, or `Apple_HFS`.
    public let type: String

    /// What the type stands for, such as `Linux filesystem`; nil where that is not known here.
    public let typeName: String?

    /// The name the table gives it; empty where it has none, as always with MBR.
    /// A partition of a BSD disklabel has its letter.
    public let name: String
}
