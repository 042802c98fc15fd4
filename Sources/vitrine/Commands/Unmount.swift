import ArgumentParser
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
            let list = try ImageMountList()
            // If all of an image is mounted, its file systems lie below the directory.
            let isAll = list.folders.contains(path)
            let mounts = list.mounts.filter { mount in
                guard let place = mount.directory else { return false }
                return isAll ? place.splitAtLastSlash.folder == path + "/" : place == path
            }
            guard isAll || !mounts.isEmpty else {
                throw CommandError("\(directory): no image is mounted there (vitrine mounts)")
            }
            // Without its folders, a directory that is forced goes with what lies below it.
            if isAll, !force {
                for place in mounts.compactMap(\.directory) { try unmount(place, isKernels: true) }
            }
            try unmount(path, isKernels: isAll || mounts.last?.device != nil)
            // Reads that wait fail when it has gone, and with them goes the last that uses the mount.
            if force {
                for mount in isAll ? mounts : mounts.suffix(1) {
                    if mount.isServed { kill(mount.process, SIGKILL) }
                    mount.disconnect()
                }
            }
        }
    }

    private func unmount(_ path: SystemString, isKernels: Bool) throws(CommandError) {
        do throws(MountError) {
            guard geteuid() == 0 || !isKernels else {
                throw MountError("root has mounted it, and only root can unmount it")
            }
            try VitrineMount.unmount(path, lazily: force)
        } catch {
            let hint =
                error.remedy == .waiting
                ? "; fuser -vm shows which programs use it, and --force unmounts it all the same" : ""
            throw CommandError("\(path): \(error)\(hint)")
        }
    }
}
