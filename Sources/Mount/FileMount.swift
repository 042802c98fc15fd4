import CLinux
import Glibc
package import Logging
package import VitrineFormats

/// Read-only files in a directory, which this process serves by FUSE.
package final class FileMount: Sendable {
    private let server: FUSEServer
    private let path: SystemString
    private let tag: MountTag

    /// The time for which programs that use the files may keep them from being unmounted, in nanoseconds.
    private static let patience: UInt64 = 2_000_000_000

    /// Mounts `files` at the directory with the absolute `path`. `image` is the name of what they come from. The workers read what
    /// takes waiting, and what fails goes to the log. Root mounts by itself, others by fusermount3.
    ///
    /// Throws a text that says what the system did not do.
    package init(
        _ files: [(name: String, source: any Source)], image: String, at path: SystemString,
        _ workers: Workers, _ logger: Logger
    ) throws(MountError) {
        self.path = path
        tag = MountTag(image: image)
        let folder = FUSEFolder(
            files: files.map { FUSEFolder.File(name: $0.name, source: $0.source, for: .programs) },
            user: geteuid(), group: getegid())
        if geteuid() == 0 {
            let directory = unsafe vitrine_open_directory(path.terminated)
            guard directory >= 0 else { throw MountError(systemMessage(errno)) }
            defer { close(directory) }
            server = try FUSEServer(try FUSEServer.open(), folder, workers, logger)
            try DetachedMount(of: server, tag.text).attach(to: directory)
        } else {
            server = try FUSEServer(try Fusermount.mount(at: path, tag), folder, workers, logger)
        }
        server.start()
    }

    /// Waits until it is unmounted. Throws if the connection to the kernel has ended in another way.
    package func waitForEnd() throws(MountError) { try server.waitForEnd() }

    /// Unmounts the files, after a moment also if programs use them: these can go on as long as this process does.
    package func stop() {
        let deadline = monotonicTime() + Self.patience
        while isOnTop, monotonicTime() < deadline {
            do throws(MountError) {
                try unmount(path, lazily: false)
                return
            } catch {
                guard error.remedy == .waiting else { break }
            }
            usleep(50_000)
        }
        if isOnTop { try? unmount(path, lazily: true) }
    }

    /// True if these files are what is seen in the directory: they may have been unmounted, or something mounted over them.
    private var isOnTop: Bool { !server.hasEnded && MountInfo.top(at: path)?.tag == tag }
}
