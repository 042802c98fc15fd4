import ArgumentParser
import CLinux
import Glibc
import Logging
import VitrineFormats
import VitrineMount

/// `vitrine mount`
struct Mount: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mounts the files inside an image at a directory, read-only.",
        usage: "vitrine mount <image> <dir> [<options>]",
        discussion: """
            Without --partition, --volume or --all, vitrine looks for the partition or logical volume that \
            holds an operating system. To unmount, use umount(8): everything else then ends by itself.

            For root, the kernel mounts it. For others, programs show the files of ext2, ext3, ext4 (fuse2fs) \
            and squashfs (squashfuse), which are in the Debian packages of these names; fuse3 is needed too.

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

    @OptionGroup var fileSystem: FileSystemOptions

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

    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.")
    var quiet = false

    @Flag(name: .customLong("show"), help: "Do nothing, but print commands that would do the same.")
    var shows = false

    /// Set by the process in the foreground, for the one that it leaves behind.
    @Flag(name: .customLong("in-background"), help: .hidden)
    var inBackground = false

    func validate() throws {
        if all, fileSystem.wish != nil || fileSystem.subvolume != nil {
            throw ValidationError("--all cannot be used with --partition, --volume or --subvolume.")
        }
    }

    func run() throws {
        try reportingErrors {
            guard isRoot || !all && fileSystem.subvolume == nil else {
                throw CommandError("only root can use --all and --subvolume")
            }
            if shows {
                try show()
            } else if foreground || inBackground {
                try mount()
            } else {
                let arguments = try Vitrine.arguments()
                let status = try BackgroundProcess.run(arguments, with: "--in-background")
                if status != 0 { throw ExitCode(status) }
            }
        }
    }

    private func mount() throws {
        let place = try MountPoint(directory)
        let path = try MountPoint.resolved(directory)
        StandardFiles.open()
        // By this, vitrine mounts tells whether the process is still there.
        unsafe vitrine_name_thread("vitrine")
        // First, because threads inherit the signals that are blocked.
        let signals = EndSignals()
        let isMounted = Monitor(false)
        signals.onSignal { signal in
            // The process ends when nobody uses the files any more.
            if isMounted.withLock({ $0 }) { return detach(place, path) }
            if !isRoot { unmountOwn(path) }
            _exit(EndSignals.exitStatus(signal))
        }
        let opened = try options.open(references, quiet: inBackground, memory: \.mountMemory)
        let image = opened.image
        for warning in image.warnings { complain("warning: \(warning)") }
        if place.holdsSomething {
            complain("warning: \(directory) is not empty: what is in it is hidden until this is unmounted")
        }
        let logger = Logger(label: "vitrine") { [inBackground] _ -> any LogHandler in
            inBackground ? SystemLog(image: printable(image.name)) : StandardErrorLog(.warning)
        }
        let plan = try plan(image)
        let mounted: ImageMount
        do throws(MountError) {
            mounted =
                isRoot
                ? try ImageMount(
                    plan, of: image.disk, name: image.name, at: place.descriptor, opened.engine,
                    replaying: !skipsJournal, logger)
                : try ImageMount(plan, of: image.disk, name: image.name, at: path, opened.engine, logger)
        } catch {
            throw explained(error)
        }
        isMounted.withLock { $0 = true }
        place.close()
        for system in mounted.outcome.systems where system.journal == .skipped {
            FileSystemOptions.complainOfJournal(of: system.candidate)
        }
        if all {
            for failure in mounted.outcome.failures { complain("warning: \(failure)") }
            for other in plan.others {
                complain("\(other.title) (\(other.kind)) is not mounted: Linux does not mount it")
            }
        }
        if !quiet { say(MountReport.text(mounted, at: directory)) }
        if inBackground { BackgroundProcess.tellReady() }
        let indexing = BackgroundIndexing(of: image, opened.store)
        defer {
            indexing.stop()
            opened.store.save()
        }
        do throws(MountError) { try mounted.waitForEnd() } catch {
            if inBackground { logger.error("\(directory): \(error)") }
            throw CommandError("\(directory): \(error)")
        }
    }

    private var isRoot: Bool { geteuid() == 0 }

    private func plan(_ image: Image) throws(CommandError) -> MountPlan {
        do throws(MountError) {
            let wish: MountWish = all ? .all : fileSystem.wish ?? .root
            return try MountPlan(
                image.disk, image.partitionTable, wish, subvolume: fileSystem.subvolume)
        } catch {
            throw explained(error)
        }
    }

    private func explained(_ error: MountError) -> CommandError {
        let help =
            error.remedy == .root
            ? ": run this as root, copy the partition (vitrine copy --partition), or serve it to a program that "
                + "reads such file systems in a virtual machine, such as guestmount (Debian package guestmount)"
            : ""
        return CommandError(
            "\(options.image): \(error)\(help)" + WayOn.text(error.obstacles, options.image, directory))
    }

    private func detach(_ place: MountPoint, _ path: SystemString) {
        if isRoot { place.detach() } else { unmountOwn(path) }
    }

    /// Prints the commands that do what this one does.
    private func show() throws {
        let image = try options.open(references, quiet: true, memory: \.mountMemory).image
        let plan = try plan(image)
        do throws(MountError) {
            let steps = try MountSteps(plan, directory, serving: servingArguments(), asRoot: isRoot)
            say(steps.lines.joined(separator: "\n"))
        } catch {
            throw explained(error)
        }
    }

    /// The arguments for serve: those of this command, without its own options.
    private func servingArguments() -> [SystemString] {
        let own: Set<String> = [
            "--all", "--show", "--no-replay", "-f", "--foreground", "-q", "--quiet",
        ]
        var result: [SystemString] = []
        var rest = RawArguments.all.dropFirst()[...]
        while let argument = rest.popFirst() {
            if ["--partition", "--subvolume", "--volume"].contains(argument) {
                rest = rest.dropFirst()
            } else if !own.contains(argument), !argument.hasPrefix("--partition="),
                !argument.hasPrefix("--subvolume="), !argument.hasPrefix("--volume=")
            {
                result.append(SystemString(argument: argument))
            }
        }
        // Only the last of several equal arguments can be the directory.
        if let index = result.lastIndex(of: directory) { result.remove(at: index) }
        return result
    }
}
