package import Glibc
package import VitrineFormats

/// The mounts of images that there are, as the kernel shows them. No file keeps a list.
package struct ImageMountList: Sendable {
    /// A mounted image.
    package struct Mount: Equatable, Sendable {
        /// The directory it is mounted at. Nil if it is mounted nowhere that this process sees, but still in use.
        package let directory: SystemString?

        /// The name of the image, or its start.
        package let image: String

        /// The type of the file system. Nil if the directory is.
        package let type: String?

        /// The process that reads the image.
        package let process: pid_t

        /// True if that process is there. If not, every read fails.
        package let isServed: Bool

        /// The path of the block device. Nil if there is none: a process shows the files.
        package let device: String?

        /// Lets the reads that wait for an nbd device fail: the kernel waits for a while even if the process was killed.
        package func disconnect() {
            let name = "/dev/nbd"
            guard let device, device.hasPrefix(name), let number = UInt32(device.dropFirst(name.count)) else {
                return
            }
            // It may have gone already, and the number may be that of another one.
            let backend = try? KernelFile.content(of: "/sys/block/nbd\(number)/backend")
            if let backend, ImageMountList.tag(ofDevice: backend)?.process == process {
                NBDControl.disconnect(number)
            }
        }
    }

    /// All mounts: those with devices in the order of these, then the others.
    package let mounts: [Mount]

    /// The directories of the file systems in memory that hold the folders of an image, if all of it is mounted.
    package let folders: [SystemString]

    /// The mounts that there are now.
    ///
    /// Throws if the system does not tell.
    package init() throws(MountError) {
        let table = try MountInfo.table()
        var mounts: [Mount] = []
        for (name, file) in Self.devices {
            let folder = "/sys/block/" + name
            guard let backend = try? KernelFile.content(of: folder + file),
                let tag = Self.tag(ofDevice: backend),
                let device = try? KernelFile.content(of: folder + "/dev")
            else { continue }
            let numbers = String(decoding: device.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            // btrfs has device numbers of its own.
            let places = table.filter {
                $0.device == numbers || $0.type == "btrfs" && $0.source.elementsEqual("/dev/\(name)".utf8)
            }
            for place in places.isEmpty ? [nil] : places.map(Optional.some) {
                mounts.append(
                    Mount(
                        directory: place.map { SystemString(bytes: $0.directory) }, image: tag.image,
                        type: place?.type, process: tag.process, isServed: tag.isServed(),
                        device: "/dev/" + name))
            }
        }
        for place in table {
            guard let tag = place.tag else { continue }
            mounts.append(
                Mount(
                    directory: SystemString(bytes: place.directory), image: tag.image, type: place.type,
                    process: tag.process, isServed: tag.isServed(owner: place.user), device: nil))
        }
        self.mounts = mounts
        folders = table.filter { $0.type == "tmpfs" && $0.source.elementsEqual(MountFolders.source.utf8) }
            .map { SystemString(bytes: $0.directory) }
    }

    /// The devices that are looked at, and the files of sysfs that say what is under them. The kernel numbers devices from 0, and makes
    /// them as they are needed. There are seldom more than a few.
    private static let devices = [("loop", "/loop/backing_file"), ("nbd", "/backend")].flatMap { kind, file in
        (0..<4096).map { ("\(kind)\($0)", file) }
    }

    /// The tag of the image in the name of what is under a device. Nil if it is something else.
    static func tag(ofDevice backend: [UInt8]) -> MountTag? {
        // A loop device has a path, and an nbd device the name itself.
        let name = backend.first == UInt8(ascii: "/") ? backend.dropFirst() : backend[...]
        return MountTag(name.prefix { $0 != UInt8(ascii: "\n") })
    }
}
