import CLinux
import Glibc
package import VitrineFormats

/// Unmounts what is mounted at the absolute `path`; if `lazily`, it goes at once for those who come later, and for others when they
/// let it go. Root does it by itself, others by fusermount3.
///
/// Throws the reason if it stays.
package func unmount(_ path: SystemString, lazily: Bool) throws(MountError) {
    guard geteuid() == 0 else { return try Fusermount.unmount(path, lazily: lazily) }
    let status = unsafe lazily ? vitrine_detach_mount(path.terminated) : umount2(path.terminated, 0)
    guard status == 0 else {
        let error = errno
        throw MountError(systemMessage(error), remedy: error == EBUSY ? .waiting : nil)
    }
}

/// Unmounts what is seen at the absolute `path` if it is shown by FUSE for this process, as soon as nobody uses it.
package func unmountOwn(_ path: SystemString) {
    guard MountInfo.top(at: path)?.tag?.process == getpid() else { return }
    try? unmount(path, lazily: true)
}
