import ArgumentParser
import Glibc
import VitrineFormats

/// `vitrine copy`
struct Copy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies the disk inside an image to a raw file or a block device.",
        usage: "vitrine copy <image> <out> [<options>]",
        discussion: """
            All cores decode. Zeroes become holes, which take no space in the file. If the copy fails, or \
            you interrupt it, vitrine removes the new file.

            Examples:

              vitrine copy disk.raw.xz disk.raw
              vitrine copy disk.raw.xz --partition 1 root.ext4
              vitrine copy disk.raw.xz --partition LABEL=root root.ext4
              vitrine copy disk.raw.xz --volume vg/root root.ext4
              vitrine copy disk.raw.xz - | sha256sum
              vitrine copy disk.raw.xz /dev/sdX --force
            """)

    @OptionGroup var options: ImageOptions

    @OptionGroup var references: ReferenceOptions

    @Argument(
        help: ArgumentHelp(
            "The destination: a new file, or - for standard output. With --force, also an existing file or a "
                + "block device.",
            valueName: "out"),
        completion: .file())
    var output: SystemString

    @Flag(name: .shortAndLong, help: "Overwrite <out> if it is an existing file or a block device.")
    var force = false

    @OptionGroup var partition: PartitionOption

    @OptionGroup var volume: VolumeOption

    @Flag(name: .shortAndLong, help: "Print only warnings and errors.")
    var quiet = false

    /// The reason that a copy is over.
    private enum End {
        case copied(Result<DiskCopy.Outcome, any Error>)
        case signal(Int32)
    }

    func validate() throws {
        if output == "" { throw ValidationError("The path to copy to is empty.") }
    }

    func run() throws {
        try reportingErrors { try copy() }
    }

    private func copy() throws {
        StandardFiles.open()
        // First, because threads inherit the signals that are blocked.
        let signals = EndSignals()
        let ending = Ending<End>()
        let hasBegun = Monitor(false)
        signals.onSignal { signal in
            // As long as there is nothing to clear up, the process can end at once.
            if !hasBegun.withLock({ $0 }) { _exit(EndSignals.exitStatus(signal)) }
            ending.end(.signal(signal))
        }
        let written = options.indexes.written + (output == "-" ? [] : [WrittenPath("the copy", output)])
        try WrittenPath.requireDistinct(written, from: options.image)
        let opened = try options.open(references, quiet: quiet)
        for warning in opened.image.warnings { complain("warning: \(warning)") }
        let source = try source(opened.image)
        let destination = CopyDestination(path: output, mayOverwrite: force)
        try WrittenPath.requireDistinct(written, from: opened.image.referencedFiles)
        hasBegun.withLock { $0 = true }
        let target = try destination.open(size: source.size)

        let progress = ProgressDisplay("copying", total: source.size, .suitable(quiet: quiet))
        let copy = DiskCopy(source, to: target) { progress.update($0) }
        copy.start(threads: opened.engine.workers.count) { ending.end(.copied($0)) }
        let end = ending.wait()
        progress.finish()
        switch end {
        case .copied(.success(let outcome)):
            do {
                try target.finish()
            } catch {
                target.abandon()
                throw error
            }
            opened.store.save()
            for change in opened.image.file.all.compactMap(\.change) { complain("warning: \(change)") }
            if !quiet { complain(Self.summary(source.size, outcome, progress.elapsed)) }
        case .copied(.failure(let error)):
            target.abandon()
            if var error = error as? ImageError {
                error.path.insert("\(options.image)", at: 0)
                throw error
            }
            throw error
        case .signal(let signal):
            // The threads may be in the middle of something that takes long; they end with the process.
            target.abandon()
            complain("interrupted")
            throw ExitCode(EndSignals.exitStatus(signal))
        }
    }

    /// The whole disk, or the volume or partition that was asked for. With both, the partition in the volume.
    private func source(_ image: Image) throws -> any Source {
        try inside("\(options.image)") { () throws(ImageError) in
            var (source, table) = (image.disk, image.partitionTable)
            if let name = volume.name {
                let contents = try contents(of: name, image)
                source = try inside("volume \(name)") { () throws(ImageError) in
                    try contents.volume.content.get()
                }
                table = contents.nested?.table
            }
            guard let choice = partition.choice else { return source }
            let chosen = try choice.choose(from: table, of: source)
            return try Slice(source, chosen.partition.range)
        }
    }

    /// The volume called `name`, and the partitions in it.
    private func contents(of name: String, _ image: Image) throws(ImageError) -> VolumeContents {
        let contents = DiskContents(of: image.disk, image.partitionTable, findingVolume: name)
        if let found = contents.volume(name) { return found }
        let names = contents.volumes.map(\.volume.name).joined(separator: ", ")
        throw ImageError(
            .outOfRange,
            "the disk has no logical volume \(printable(name)); it has "
                + (names.isEmpty ? "no logical volumes" : "these: \(names)"))
    }

    private static func summary(
        _ size: UInt64, _ outcome: DiskCopy.Outcome, _ elapsed: Duration
    ) -> String {
        let seconds = max(elapsed / .seconds(1), 0.001)
        let speed = byteCount(UInt64(Double(size) / seconds))
        return "copied \(byteCount(size)), \(byteCount(outcome.written)) of it written, in "
            + "\(timeText(elapsed)): \(speed)/s"
    }
}
