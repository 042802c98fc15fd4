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
            Without --partition, vitrine looks for the partition that holds an operating system. Only \
            root can mount. To unmount, use umount(8): everything else then ends by itself.

            Examples:

              vitrine mount disk.raw.xz /mnt
              vitrine mount disk.qcow2 /mnt --partition 15
              umount /mnt
            """)

    @OptionGroup var options: ImageOptions

    @OptionGroup var references: ReferenceOptions

    @Argument(help: ArgumentHelp("The directory to mount at.", valueName: "dir"), completion: .directory)
    var directory: SystemString

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Mount the partition with this number. vitrine info lists the partitions.", valueName: "n"))
    var partition: Int?

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
        if let partition, partition < 1 { throw ValidationError("--partition takes a number, 1 or higher.") }
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
        let mounted: ImageMount
        do throws(MountError) {
            let plan = try MountPlan(image.disk, image.partitionTable, partition: partition)
            mounted = try ImageMount(
                plan, of: image.disk, name: image.name, at: place.descriptor, opened.engine,
                replaying: !skipsJournal)
        } catch {
            throw CommandError("\(options.image): \(error)")
        }
        isMounted.withLock { $0 = true }
        place.close()
        if mounted.system.journal == .skipped {
            complain(
                "warning: \(mounted.system.candidate.title) was not unmounted properly, and its journal is not replayed: "
                    + "the newest files may be missing or old")
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
