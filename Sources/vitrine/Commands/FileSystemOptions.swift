import ArgumentParser
import VitrineFormats
import VitrineMount

/// The options of the commands that take one file system of an image.
struct FileSystemOptions: ParsableArguments {
    @OptionGroup var partition: PartitionOption

    @OptionGroup var volume: VolumeOption

    @Option(
        name: .customLong("subvolume"),
        help: ArgumentHelp(
            "Take this subvolume of btrfs: its path in the file system, or its ID.", valueName: "path|id"))
    var subvolume: SystemString?

    func validate() throws {
        if partition.choice != nil, volume.name != nil {
            throw ValidationError("--partition cannot be used with --volume.")
        }
        if subvolume == "" { throw ValidationError("--subvolume takes a path or an ID.") }
    }

    /// The partition or volume that is meant. Nil if neither was named.
    var wish: MountWish? {
        volume.name.map { .volume($0) } ?? partition.choice.map { .partition($0) }
    }

    /// Warns that the journal of `candidate` is not replayed.
    static func complainOfJournal(of candidate: MountCandidate) {
        complain(
            "warning: \(candidate.title) was not unmounted properly, and its journal is not replayed: "
                + "the newest files may be missing or old")
    }
}
