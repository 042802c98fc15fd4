import CLinux
import Glibc
import VitrineFormats

/// A small file system in memory, mounted at a directory, with a folder for each file system that is mounted below it.
///
/// So nothing is left of the folders once it is unmounted.
final class MountFolders {
    /// The source by which it is known in the list of mounts.
    static let source = "vitrine"

    private let mount: DetachedMount

    /// Mounts it at the open `directory`.
    init(at directory: Int32) throws(MountError) {
        mount = try DetachedMount(
            "tmpfs", [("source", Self.source), ("size", "1m"), ("mode", "755")], isWritable: true)
        try mount.attach(to: directory)
    }

    /// Makes the folder called `name`, and attaches `inner` to it.
    func attach(_ inner: borrowing DetachedMount, _ name: String) throws(MountError) {
        guard unsafe vitrine_make_folder(mount.descriptor, name) == 0 else {
            throw MountError("the folder \(name): \(systemMessage(errno))")
        }
        let folder = unsafe vitrine_open_step(mount.descriptor, name)
        guard folder >= 0 else { throw MountError("the folder \(name): \(systemMessage(errno))") }
        defer { close(folder) }
        try inner.attach(to: folder)
    }

    /// Makes it read-only, once all is there.
    func finish() throws(MountError) {
        guard vitrine_make_mount_readonly(mount.descriptor) == 0 else {
            throw MountError("mount_setattr: \(systemMessage(errno))")
        }
    }
}
