import CLinux
import Glibc
package import Logging
package import VitrineFormats

/// A file system inside an image, mounted by the kernel over a block device that this process serves, or by a program over a file.
///
/// Nothing of it has a path but the directory. When that is unmounted, the device or the program goes, and with it the last that
/// the process is there for.
package final class ImageMount: Sendable {
    /// What was mounted, and what was not.
    package let outcome: MountOutcome
    /// The server for FUSE. Nil if the system has none.
    private let server: FUSEServer?
    /// The server for nbd devices. Nil if the kernel does not mount it.
    private let nbd: NBDServer?
    private let overlays: [WriteOverlay]

    /// Mounts what `plan` means of the disk `source` at the open `directory`. `name` is that of the image. Reads
    /// that fail go to the log.
    ///
    /// If `replaying`, a journal is replayed in memory, which counts against the budget of `engine`: the image is not written to.
    ///
    /// Needs root. Throws a text that says what the kernel did not do.
    package init(
        _ plan: MountPlan, of source: any Source, name: String, at directory: Int32, _ engine: Engine,
        replaying: Bool, _ logger: Logger
    ) throws(MountError) {
        let files = Self.files(plan, source, MountTag(image: name), engine, replaying: replaying)
        let fuse = Self.serve(files, engine, logger)
        let errands = Errands()
        let nbd = NBDServer(engine.workers, errands)
        server = try? fuse.get()
        self.nbd = nbd
        overlays = files.compactMap(\.overlay)
        outcome = try Self.withOwnDescriptors(errands) { () throws(MountError) in
            let mounting = Mounting(files, BlockDevices(fuse, files, or: nbd))
            return (try mounting.mount(plan, at: directory), {})
        }
    }

    /// Mounts the one that `plan` means as `init` does, but nowhere, and runs `body` with the descriptor of its root, on a thread whose
    /// descriptors are its own.
    ///
    /// Needs root. Throws a text that says what the kernel did not do.
    package static func look(
        into plan: MountPlan, of source: any Source, name: String, _ engine: Engine, replaying: Bool,
        _ logger: Logger, _ body: @escaping @Sendable (Int32, MountedSystem) -> Void
    ) throws(MountError) {
        let files = files(plan, source, MountTag(image: name), engine, replaying: replaying)
        let fuse = serve(files, engine, logger)
        let errands = Errands()
        let nbd = NBDServer(engine.workers, errands)
        _ = try withOwnDescriptors(errands) { () throws(MountError) in
            let mounting = Mounting(files, BlockDevices(fuse, files, or: nbd))
            let outcome = try mounting.look(plan) { (mount, system) throws(MountError) in
                body(mount.descriptor, system)
            }
            return (outcome, {})
        }
    }

    /// Lets a program show the best of `plan` of the disk `source` at the directory with the absolute `path`. `name` is that of the image.
    /// Reads that fail go to the log. No journal is replayed.
    ///
    /// Needs no root. Throws a text that says what is missing, or what was not done.
    package init(
        _ plan: MountPlan, of source: any Source, name: String, at path: SystemString, _ engine: Engine,
        _ logger: Logger
    ) throws(MountError) {
        let tag = MountTag(image: name)
        var parts: [ProgramMounting.Part] = []
        for candidate in try plan.mountedByPrograms() {
            guard let program = candidate.program else { continue }
            let content: any Source
            do throws(ImageError) { content = try candidate.content(of: source) } catch {
                throw MountError("\(candidate.title): \(error)")
            }
            let place =
                candidate.volume.map { tag.suffix(of: $0, parts.count) }
                ?? candidate.partition.map { "-p\($0)" }
            let name = tag.text + (place ?? "")
            let file = FUSEFolder.File(name: name, source: content, for: program.reader)
            parts.append(ProgramMounting.Part(candidate: candidate, program: program, file: file))
        }
        let folder = FUSEFolder(files: parts.map(\.file), user: geteuid(), group: getegid())
        let isOnly = plan.candidates.count == 1
        let connection = try Fusermount.mount(at: path, tag)
        do throws(MountError) {
            let server = try FUSEServer(connection, folder, engine.workers, logger)
            self.server = server
            nbd = nil
            overlays = []
            server.start()
            outcome = try Self.withOwnDescriptors { [parts] () throws(MountError) in
                let mounting = try ProgramMounting(server, parts, at: path, tag)
                let (system, program) = try mounting.mount(isOnly: isOnly)
                return (MountOutcome(systems: [system], failures: []), { _ = program.wait() })
            }
        } catch {
            unmountOwn(path)
            throw error
        }
    }

    /// Runs `body` on a thread that has descriptors of its own, and then on that thread what `body` returns with its result. Does
    /// its `errands` meanwhile.
    ///
    /// If the thread shared them with the threads that answer, and the process were killed while the kernel reads, /dev/fuse or
    /// the socket of an nbd device would stay open, and the thread would wait for an answer for ever.
    private static func withOwnDescriptors(
        _ errands: Errands? = nil,
        _ body: @escaping @Sendable () throws(MountError) -> (MountOutcome, rest: () -> Void)
    ) throws(MountError) -> MountOutcome {
        let result = Monitor<Result<MountOutcome, MountError>?>(nil)
        let started = Thread.start("vitrine-mount") {
            do throws(MountError) {
                guard vitrine_unshare_descriptors() == 0 else {
                    throw MountError("unshare: \(systemMessage(errno))")
                }
                let (outcome, rest) = try body()
                result.change { $0 = .success(outcome) }
                errands?.end()
                rest()
            } catch {
                result.change { $0 = .failure(error) }
                errands?.end()
            }
        }
        guard started else { throw MountError(Thread.shortage) }
        errands?.serve()
        return try result.wait { $0 }.get()
    }

    /// The number of bytes that replaying a journal has written to memory.
    package var written: UInt64 { overlays.reduce(0) { $0 + $1.written } }

    /// The files to serve: the disk and the logical volumes of `plan` as they are, and if `replaying` as they are with a journal
    /// replayed. losetup shows their names, and no paths, so they tell whose they are.
    private static func files(
        _ plan: MountPlan, _ source: any Source, _ tag: MountTag, _ engine: Engine, replaying: Bool
    ) -> [FUSEFolder.File] {
        var files = [FUSEFolder.File(name: tag.text, source: source)]
        for (number, volume) in plan.candidates.compactMap(\.volume).enumerated() {
            guard let source = volume.source else { continue }
            let name = tag.text + tag.suffix(of: volume, number)
            files.append(FUSEFolder.File(name: name, source: source, volume: volume.name))
        }
        guard replaying else { return files }
        // The suffix keeps the names apart.
        return files
            + files.map { file in
                let overlay = WriteOverlay(file.source, limit: engine.cache.budget / 4, engine.cache)
                return FUSEFolder.File(name: file.name + "+journal", source: overlay, volume: file.volume)
            }
    }

    /// A server of the `files` for FUSE. Fails if the system has no FUSE.
    private static func serve(
        _ files: [FUSEFolder.File], _ engine: Engine, _ logger: Logger
    ) -> Result<FUSEServer, MountError> {
        do throws(MountError) {
            let folder = FUSEFolder(files: files, user: getuid(), group: getgid())
            return .success(try FUSEServer(try FUSEServer.open(), folder, engine.workers, logger))
        } catch {
            return .failure(error)
        }
    }

    /// Waits until it is unmounted. Throws if the connection to the kernel has ended in another way.
    package func waitForEnd() throws(MountError) {
        try nbd?.waitForEnd()
        if let server, server.isStarted { try server.waitForEnd() }
    }
}
