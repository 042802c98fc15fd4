import ArgumentParser
import CLinux
import Glibc
import VitrineFormats
import VitrineMount

/// `vitrine mount`
struct Mount: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mounts the files inside an image at a directory, read-only.",
        usage: "vitrine mount <image> <dir> [<options>]",
        discussion: """
            Without --partition or --all, vitrine looks for the partition that holds an operating system. \
            Only root can mount. To unmount, use umount(8): everything else then ends by itself.

            Examples:

              vitrine mount disk.raw.xz /mnt
              vitrine mount disk.qcow2 /mnt --partition 15
              vitrine mount disk.qcow2 /mnt --partition LABEL=data
              umount /mnt
              vitrine mount disk.qcow2 /mnt --all
              umount -R /mnt
            """)

    @OptionGroup var options: ImageOptions

    @OptionGroup var references: ReferenceOptions

    @Argument(help: ArgumentHelp("The directory to mount at.", valueName: "dir"), completion: .directory)
    var directory: SystemString

    @OptionGroup var partition: PartitionOption

    @Option(
        name: .customLong("subvolume"),
        help: ArgumentHelp(
            "Mount this subvolume of btrfs: its path in the file system, or its ID.", valueName: "path|id"))
    var subvolume: SystemString?

    @Flag(
        help:
            "Mount every file system that can be, each in a folder of its own: p1, p2 and so on, as in serve."
    )
    var all = false

    @Flag(
        name: .customLong("no-replay"),
        help: "Do not replay the journal of a file system that was not unmounted properly.")
    var skipsJournal = false

    @Flag(name: .shortAndLong, help: "Stay in the foreground until it is unmounted.")
    var foreground = false

    /// Set by the process in the foreground, for the one that it leaves behind.
    @Flag(name: .customLong("in-background"), help: .hidden)
    var inBackground = false

    func validate() throws {
        if all, partition.choice != nil || subvolume != nil {
            throw ValidationError("--all cannot be used with --partition or --subvolume.")
        }
        if subvolume == "" { throw ValidationError("--subvolume takes a path or an ID.") }
    }

    func run() throws {
        try reportingErrors {
            guard geteuid() == 0 else {
                throw CommandError(
                    "only root can mount; without root, serve the image (vitrine serve) to a program that reads NBD, "
                        + "or copy the partition (vitrine copy --partition)")
            }
            if foreground || inBackground {
                try mount()
            } else {
                let status = try BackgroundProcess.run(with: "--in-background")
                if status != 0 { throw ExitCode(status) }
            }
        }
    }

    private func mount() throws {
        let place = try MountPoint(directory)
        StandardFiles.open()
        // By this, vitrine mounts tells whether the process is still there.
        unsafe vitrine_name_thread("vitrine")
        // First, because threads inherit the signals that are blocked.
        let signals = EndSignals()
        let isMounted = Monitor(false)
        signals.onSignal { signal in
            if !isMounted.withLock({ $0 }) { _exit(EndSignals.exitStatus(signal)) }
            // The process ends when nobody uses the files any more.
            place.detach()
        }
        let opened = try options.open(references, quiet: inBackground, memory: \.mountMemory)
        let image = opened.image
        for warning in image.warnings { complain("warning: \(warning)") }
        if place.holdsSomething {
            complain("warning: \(directory) is not empty: what is in it is hidden until this is unmounted")
        }
        let mounted: ImageMount
        var others: [MountCandidate] = []
        do throws(MountError) {
            let wish: MountWish = all ? .all : partition.choice.map { MountWish.partition($0) } ?? .root
            let plan = try MountPlan(image.disk, image.partitionTable, wish, subvolume: subvolume)
            others = plan.others
            mounted = try ImageMount(
                plan, of: image.disk, name: image.name, at: place.descriptor, opened.engine,
                replaying: !skipsJournal)
        } catch {
            throw CommandError(
                "\(options.image): \(error)" + WayOn.text(error.obstacles, options.image, directory))
        }
        isMounted.withLock { $0 = true }
        place.close()
        for system in mounted.outcome.systems where system.journal == .skipped {
            complain(
                "warning: \(system.candidate.title) was not unmounted properly, and its journal is not replayed: "
                    + "the newest files may be missing or old")
        }
        if all {
            for failure in mounted.outcome.failures { complain("warning: \(failure)") }
            for other in others {
                complain("\(other.title) (\(other.kind)) is not mounted: Linux does not mount it")
            }
        }
        say(MountReport.text(mounted, at: directory))
        if inBackground { BackgroundProcess.tellReady() }
        let indexing = BackgroundIndexing(of: image, opened.store)
        defer {
            indexing.stop()
            opened.store.save()
        }
        do throws(MountError) { try mounted.waitForEnd() } catch {
            throw CommandError("\(directory): \(error)")
        }
    }
}
