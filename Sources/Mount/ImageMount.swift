import CLinux
import Glibc
package import VitrineFormats

/// A file system inside an image, mounted by the kernel over a block device that this process serves.
///
/// Nothing of it has a path but the directory. When that is unmounted, the device goes, and with it the last that the process is
/// there for.
package final class ImageMount: Sendable {
    /// What was mounted, and what was not.
    package let outcome: MountOutcome
    /// The server for FUSE. Nil if the system has none.
    private let server: FUSEServer?
    private let nbd: NBDServer
    private let overlay: WriteOverlay?

    /// Mounts what `plan` means of the disk `source` at the open `directory`. `name` is that of the image.
    ///
    /// If `replaying`, a journal is replayed in memory, which counts against the budget of `engine`: the image is not written to.
    ///
    /// Needs root. Throws a text that says what the kernel did not do.
    package init(
        _ plan: MountPlan, of source: any Source, name: String, at directory: Int32, _ engine: Engine,
        replaying: Bool
    ) throws(MountError) {
        let files = Self.files(source, name, engine, replaying: replaying)
        let fuse = Self.serve(files, engine)
        let errands = Errands()
        let nbd = NBDServer(engine.workers, errands)
        server = try? fuse.get()
        self.nbd = nbd
        overlay = files.lazy.compactMap(\.overlay).first
        let result = Monitor<Result<MountOutcome, MountError>?>(nil)
        // The thread has descriptors of its own. If it shared them with the threads that answer, and the process were killed while
        // the kernel reads, /dev/fuse or the socket of an nbd device would stay open, and the thread would wait for an answer for ever.
        let started = Thread.start("vitrine-mount") {
            var outcome: Result<MountOutcome, MountError>
            do throws(MountError) {
                guard vitrine_unshare_descriptors() == 0 else {
                    throw MountError("unshare: \(systemMessage(errno))")
                }
                let mounting = Mounting(files, BlockDevices(fuse, files, or: nbd))
                outcome = .success(try mounting.mount(plan, at: directory))
            } catch {
                outcome = .failure(error)
            }
            result.change { $0 = outcome }
            errands.end()
        }
        guard started else { throw MountError(Thread.shortage) }
        errands.serve()
        outcome = try result.wait { $0 }.get()
    }

    /// The number of bytes that replaying a journal has written to memory.
    package var written: UInt64 { overlay?.written ?? 0 }

    /// The files to serve: the disk as it is, and if `replaying` as it is with a journal replayed.
    private static func files(
        _ source: any Source, _ image: String, _ engine: Engine, replaying: Bool
    ) -> [FUSEFolder.File] {
        let disk = FUSEFolder.File(name: fileName(image), source: source)
        guard replaying else { return [disk] }
        let overlay = WriteOverlay(disk.source, limit: engine.cache.budget / 4, engine.cache)
        // The suffix keeps the names apart.
        return [disk, FUSEFolder.File(name: disk.name + "+journal", source: overlay)]
    }

    /// A server of the `files` for FUSE. Fails if the system has no FUSE.
    private static func serve(_ files: [FUSEFolder.File], _ engine: Engine) -> Result<FUSEServer, MountError>
    {
        do throws(ImageError) {
            let folder = FUSEFolder(files: files, user: getuid(), group: getgid())
            return .success(try FUSEServer(folder, engine.workers))
        } catch {
            return .failure(MountError("\(error)"))
        }
    }

    /// Waits until it is unmounted. Throws if the connection to the kernel has ended in another way.
    package func waitForEnd() throws(MountError) {
        try nbd.waitForEnd()
        guard let server, server.isStarted else { return }
        switch server.wait() {
        case .unmounted: return
        case .aborted: throw MountError("the connection to the kernel was aborted")
        case .broken(let error): throw MountError("\(error)")
        }
    }

    /// The name of the file under the device: losetup and sysfs show it, and no path, so it tells whose it is.
    private static func fileName(_ image: String) -> String {
        let safe = String(
            decoding: image.utf8.map { $0 == UInt8(ascii: "/") || $0 == 0 ? UInt8(ascii: "_") : $0 },
            as: UTF8.self)
        return "vitrine-\(getpid())-\(String(safe.prefix(100)))"
    }
}
