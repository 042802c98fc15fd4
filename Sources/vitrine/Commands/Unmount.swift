import ArgumentParser
import CLinux
import Glibc
import VitrineFormats
import VitrineMount

/// `vitrine umount`
struct Unmount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "umount",
        abstract: "Unmounts an image, whatever has become of it.",
        discussion: """
            umount(8) does it too. With --force, the directory is free at once, even if programs use files \
            below it: their reads fail from then on.
            """)

    @Argument(
        help: ArgumentHelp("The directory that the image is mounted at.", valueName: "dir"),
        completion: .directory)
    var directory: SystemString

    @Flag(help: "Unmount it even if it is in use, or if the process that reads the image hangs.")
    var force = false

    func run() throws {
        try reportingErrors {
            // The directory may hang, so only its name is looked at.
            let path = try MountPoint.absolute(directory)
            guard let mount = try ImageMountList().mounts.last(where: { $0.directory == path }) else {
                throw CommandError("\(directory): no image is mounted there (vitrine mounts)")
            }
            let status = unsafe force ? vitrine_detach_mount(path.terminated) : umount2(path.terminated, 0)
            guard status == 0 else {
                let hint =
                    errno == EBUSY
                    ? "; fuser -vm shows which programs use it, and --force unmounts it all the same" : ""
                throw CommandError("\(directory): \(systemMessage(errno))\(hint)")
            }
            // Reads that wait fail when it has gone, and with them goes the last that uses the mount.
            if force, mount.isServed { kill(mount.process, SIGKILL) }
            if force { mount.disconnect() }
        }
    }
}
