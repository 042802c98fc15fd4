/// One partition of a disk.
public struct Partition: Equatable, Sendable {
    /// Its number, from 1, as Linux gives it: 5 and up for logical partitions and those of BSD and MINIX.
    public let number: Int

    /// Its range on the disk, in bytes. Inside the disk, never empty.
    public let range: Range<UInt64>

    /// Its type as written in the table: a GUID in upper case, `0x83`, or `Apple_HFS`.
    public let type: String

    /// The name of the type, such as `Linux filesystem`. Nil if it is not known here.
    public let typeName: String?

    /// The partition's name in the table. Empty if it has none, as always with MBR. A partition of a BSD disklabel has
    /// its letter.
    public let name: String

    /// Its identifier, as libblkid writes it (PARTUUID): in a GPT that of the entry, with MBR the signature of the disk and the
    /// number. Nil if it has none.
    public var uuid: String?

    /// The attributes that its entry in a GPT has. 0 in other tables.
    package var attributes: UInt64 = 0
}
