/// A logical volume, and what it holds.
package struct VolumeContents: Sendable {
    package let volume: LogicalVolume

    /// The index in the table of the partition that it is listed under. Nil if the disk has no table.
    package let partition: Int?

    /// The file system in it. Left out if the volume cannot be read.
    package var finding = DiskContents.Finding.leftOut

    /// The disk in it. Nil if it holds none, or a file system.
    package var nested: NestedDisk?
}
