import CLinux
import Glibc
package import VitrineFormats

/// A file system inside an image, mounted by the kernel over a loop device over a file that this process serves.
///
/// Nothing of it has a path but the directory. When that is unmounted, the loop device goes, then the file, and with it the last
/// that the process is there for.
package final class ImageMount: Sendable {
    /// What was mounted.
    package let system: MountedSystem
    private let server: FUSEServer
    private let overlay: WriteOverlay?

    /// Mounts the best of `plan` of the disk `source` at the open `directory`. `name` is that of the image.
    ///
    /// If `replaying`, a journal is replayed in memory, which counts against the budget of `engine`: the image is not written to.
    ///
    /// Needs root. Throws a text that says what the kernel did not do.
    package init(
        _ plan: MountPlan, of source: any Source, name: String, at directory: Int32, _ engine: Engine,
        replaying: Bool
    ) throws(MountError) {
        let files = Self.files(source, name, engine, replaying: replaying)
        let server: FUSEServer
        do throws(ImageError) {
            server = try FUSEServer(FUSEFolder(files: files, user: getuid(), group: getgid()), engine.workers)
        } catch {
            throw MountError("\(error)")
        }
        self.server = server
        overlay = files.lazy.compactMap(\.overlay).first
        let result = Monitor<Result<MountedSystem, MountError>?>(nil)
        // The thread has descriptors of its own. If it shared them with the threads that answer, and the process were killed while
        // the kernel reads, /dev/fuse would stay open, and the thread would wait for an answer for ever.
        let started = Thread.start("vitrine-mount") {
            var outcome: Result<MountedSystem, MountError>
            do throws(MountError) {
                guard vitrine_unshare_descriptors() == 0 else {
                    throw MountError("unshare: \(systemMessage(errno))")
                }
                let mounting = try Mounting(server, files)
                outcome = .success(try mounting.mount(plan, at: directory))
            } catch {
                outcome = .failure(error)
            }
            result.change { $0 = outcome }
        }
        guard started else { throw MountError(Thread.shortage) }
        system = try result.wait { $0 }.get()
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

    /// Waits until it is unmounted. Throws if the connection to the kernel has ended in another way.
    package func waitForEnd() throws(MountError) {
        switch server.wait() {
        case .unmounted: return
        case .aborted: throw MountError("the connection to the kernel was aborted")
        case .broken(let error): throw MountError("\(error)")
        }
    }

    /// The name of the file under the loop device: losetup shows it, and no path, so it tells whose it is.
    private static func fileName(_ image: String) -> String {
        let safe = String(
            decoding: image.utf8.map { $0 == UInt8(ascii: "/") || $0 == 0 ? UInt8(ascii: "_") : $0 },
            as: UTF8.self)
        return "vitrine-\(getpid())-\(String(safe.prefix(100)))"
    }
}
