package import VitrineFormats

/// What of a disk is to be mounted.
package enum MountWish: Sendable {
    /// The root of the operating system on it.
    case root
    /// A partition.
    case partition(PartitionChoice)
    /// The logical volume with this name.
    case volume(String)
    /// Everything that can be mounted, each in a folder of its own.
    case all
}
