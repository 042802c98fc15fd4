import Glibc
import VitrineFormats
import VitrineMount

/// The ways to the files of what `vitrine mount` cannot mount.
enum WayOn {
    /// The texts for the `obstacles` to mounting the `image` at `directory`, on lines of their own. Empty if there is none.
    static func text(_ obstacles: [MountObstacle], _ image: SystemString, _ directory: SystemString) -> String
    {
        var texts: [String] = []
        for obstacle in obstacles {
            guard let text = text(obstacle, image, directory), !texts.contains(text) else { continue }
            texts.append(text)
        }
        return texts.map { "\n" + $0 }.joined()
    }

    private static func text(
        _ obstacle: MountObstacle, _ image: SystemString, _ directory: SystemString
    ) -> String? {
        switch obstacle {
        case .sectorSize(let size):
            return
                "in sectors of \(size) bytes, the partition table leads to file systems: --sector-size \(size) reads it so"
        case .driver("ntfs3", let partition):
            return steps(
                "ntfs-3g reads \(title(partition)) without a driver in the kernel",
                ["libnbd-bin", "ntfs-3g"],
                [
                    "mkdir -p /run/vitrine-disk", fuse(partition),
                    "ntfs-3g -o ro /run/vitrine-disk/nbd \(directory)",
                ],
                image)
        case .driver(let type, _):
            return
                "modprobe fs-\(type) may bring its driver. Debian's linux-image-cloud packages leave some drivers out, which "
                + "linux-image-amd64 or linux-image-arm64 have; Ubuntu has them in linux-modules-extra-\(kernelRelease)"
        case .kind("crypto_LUKS", let partition):
            return steps(
                "\(title(partition)) is encrypted: with its passphrase, cryptsetup opens it",
                ["cryptsetup-bin"],
                device(partition) + [
                    "cryptsetup open --readonly /dev/nbd0 vitrine",
                    "mount -o ro /dev/mapper/vitrine \(directory)",
                ], image)
        case .kind("BitLocker", let partition):
            return steps(
                "\(title(partition)) is encrypted: with its password, cryptsetup opens it",
                ["cryptsetup-bin"],
                device(partition) + [
                    "cryptsetup open --type bitlk --readonly /dev/nbd0 vitrine",
                    "mount -o ro /dev/mapper/vitrine \(directory)",
                ], image)
        case .kind("zfs_member", let partition):
            return steps(
                "\(title(partition)) is a part of a ZFS pool, which zpool imports", ["zfsutils-linux"],
                device(partition) + ["zpool import -o readonly=on -d /dev/nbd0 -R \(directory) -a"], image)
        case .kind("linux_raid_member", let partition):
            return steps(
                "\(title(partition)) is a part of an array, which mdadm assembles if all parts are there",
                ["mdadm"],
                device(partition) + [
                    "mdadm --assemble --readonly --run /dev/md/vitrine /dev/nbd0",
                    "mount -o ro /dev/md/vitrine \(directory)",
                ], image)
        case .kind("ufs", let partition):
            return steps(
                "a kernel with the driver ufs mounts \(title(partition)), with ufstype=44bsd if it is UFS1",
                [],
                device(partition) + ["mount -t ufs -o ro,ufstype=ufs2 /dev/nbd0 \(directory)"], image)
        case .kind("swap", _): return "swap holds no files"
        case .kind: return nil
        }
    }

    /// The text for `commands` after `vitrine serve`, which needs `packages`.
    private static func steps(
        _ what: String, _ packages: [String], _ commands: [String], _ image: SystemString
    ) -> String {
        let needed = (commands.contains { $0.hasPrefix("nbd-client") } ? ["nbd-client"] : []) + packages
        let lines = ["vitrine serve -U \(socket) \(image) &"] + commands
        return "\(what). As root (on Debian after apt install \(needed.joined(separator: " "))):\n"
            + lines.map { "    " + $0 }.joined(separator: "\n")
    }

    private static func title(_ partition: Int?) -> String {
        partition.map { "partition \($0)" } ?? "the disk"
    }

    private static let socket = "/run/vitrine.sock"

    /// The commands that make a block device of `partition`.
    private static func device(_ partition: Int?) -> [String] {
        let export = partition.map { " -N p\($0)" } ?? ""
        return ["modprobe nbd", "nbd-client -unix \(socket) /dev/nbd0\(export) -R"]
    }

    /// The command that makes a file of `partition`.
    private static func fuse(_ partition: Int?) -> String {
        let export = partition.map { "p\($0)" } ?? ""
        return "nbdfuse -r /run/vitrine-disk 'nbd+unix:///\(export)?socket=\(socket)' &"
    }

    /// The release of the kernel, as `uname -r` prints it.
    private static var kernelRelease: String {
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return "$(uname -r)" }
        return unsafe withUnsafeBytes(of: &names.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
