import ArgumentParser
import Glibc
import Logging
import VitrineFiles
import VitrineFormats
import VitrineMount

/// The options of every command that reads files of an image without mounting it for others to see.
struct FilesOptions: ParsableArguments {
    /// The text that the help of these commands has in common.
    static let discussion = """
        IMAGE:N is partition N of IMAGE, as --partition N is, unless there is a file with that name. Without \
        it, vitrine looks for the partition that holds an operating system. PATH starts at the root of the \
        file system, and no link leads out of that.

        ext2, ext3 and ext4 are read by anybody, also in a container. Of other file systems, root can read \
        those that the kernel knows.
        """

    @OptionGroup var options: ImageOptions

    @OptionGroup var references: ReferenceOptions

    @OptionGroup var fileSystem: FileSystemOptions

    @Flag(
        name: .customLong("no-replay"),
        help:
            "Do not replay the journal of a file system that was not unmounted properly. Of ext3 and ext4, it never is."
    )
    var skipsJournal = false

    /// The path of the image.
    var image: SystemString { Self.split(options.image)?.image ?? options.image }

    /// Opens the image, and runs `body` with its files, perhaps on another thread.
    ///
    /// Throws the reason that there are none, and the errors of `body`.
    func read(_ body: @escaping @Sendable (FileTree) throws -> Void) throws {
        var options = options
        var wish = fileSystem.wish
        if let (image, suffix) = Self.split(options.image) {
            guard fileSystem.partition.choice == nil else {
                throw CommandError("\(options.image): this and --partition name a partition: leave one out")
            }
            // A volume is meant rather than the partition that it lies in.
            (options.image, wish) = (image, wish ?? .partition(suffix))
        }
        // The numbers of the standard files must not be taken by others.
        StandardFiles.open()
        let opened = try options.open(references, quiet: false, memory: \.mountMemory)
        let image = opened.image
        for warning in image.warnings { complain("warning: \(warning)") }
        let result = Monitor<Result<Void, any Error>?>(nil)
        do throws(MountError) {
            let plan = try MountPlan(
                image.disk, image.partitionTable, wish ?? .root, subvolume: fileSystem.subvolume)
            let logger = Logger(label: "vitrine") { _ -> any LogHandler in StandardErrorLog(.warning) }
            let files = ImageFiles(
                plan, of: image.disk, name: image.name, opened.engine, replays: !skipsJournal, logger)
            try files.read { opened in
                if opened.skipsJournal { FileSystemOptions.complainOfJournal(of: opened.candidate) }
                let outcome = Result { try body(opened.tree) }
                result.withLock { $0 = outcome }
            }
        } catch {
            let help = error.remedy == .root ? ": run this as root" : ""
            throw CommandError("\(options.image): \(error)\(help)")
        }
        opened.store.save()
        try result.withLock { $0 }?.get()
    }

    /// The image and the partition in `path` of the form IMAGE:N. Nil if it is just the path of an image.
    static func split(_ path: SystemString) -> (image: SystemString, partition: PartitionChoice)? {
        guard let colon = path.bytes.lastIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        let digits = SystemString(bytes: path.bytes[(colon + 1)...])
        var status = stat()
        guard digits.bytes.allSatisfy({ (48...57).contains($0) }), let choice = PartitionChoice(digits),
            unsafe lstat(path.terminated, &status) != 0
        else { return nil }
        return (SystemString(bytes: path.bytes[..<colon]), choice)
    }
}
