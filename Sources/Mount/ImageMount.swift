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

    /// Mounts the best of `plan` of the disk `source` at the open `directory`. `name` is that of the image.
    ///
    /// Needs root. Throws a text that says what the kernel did not do.
    package init(
        _ plan: MountPlan, of source: any Source, name: String, at directory: Int32, _ workers: Workers
    ) throws(MountError) {
        let file = FUSEFolder.File(name: Self.fileName(name), source: source)
        let server: FUSEServer
        do throws(ImageError) {
            server = try FUSEServer(
                FUSEFolder(files: [file], user: getuid(), group: getgid()), workers)
        } catch {
            throw MountError("\(error)")
        }
        self.server = server
        let result = Monitor<Result<MountedSystem, MountError>?>(nil)
        // The thread has descriptors of its own. If it shared them with the threads that answer, and the process were killed while
        // the kernel reads, /dev/fuse would stay open, and the thread would wait for an answer for ever.
        let started = Thread.start("vitrine-mount") {
            var outcome: Result<MountedSystem, MountError>
            do throws(MountError) {
                guard vitrine_unshare_descriptors() == 0 else {
                    throw MountError("unshare: \(systemMessage(errno))")
                }
                outcome = .success(try Self.mount(plan, server, file, at: directory))
            } catch {
                outcome = .failure(error)
            }
            result.change { $0 = outcome }
        }
        guard started else { throw MountError(Thread.shortage) }
        system = try result.wait { $0 }.get()
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

    /// Does all of it, on the calling thread, whose descriptors are its own.
    private static func mount(
        _ plan: MountPlan, _ server: FUSEServer, _ file: FUSEFolder.File, at directory: Int32
    ) throws(MountError) -> MountedSystem {
        let descriptor = try open(server, file)
        defer { close(descriptor) }
        var failures: [String] = []
        for candidate in plan.candidates {
            do throws(MountError) {
                let found = try mount(
                    candidate, descriptor, file, isOnly: plan.candidates.count == 1, at: directory)
                if let found { return found }
                failures.append("\(candidate.title) holds no operating system")
            } catch {
                failures.append("\(candidate.title): \(error)")
            }
        }
        throw MountError(failures.joined(separator: "; "))
    }

    /// The descriptor of the served file, in a mount that nobody else sees.
    private static func open(_ server: FUSEServer, _ file: FUSEFolder.File) throws(MountError) -> Int32 {
        let mount = try DetachedMount(
            "fuse",
            [
                ("source", file.name), ("subtype", "vitrine"), ("fd", "\(server.descriptor)"),
                ("rootmode", "40000"), ("user_id", "\(getuid())"), ("group_id", "\(getgid())"),
                ("max_read", "\(FUSEServer.maximumRead)"),
            ])
        server.start()
        // Of this thread's copies alone.
        close(server.descriptor)
        let descriptor = unsafe vitrine_open_file(mount.descriptor, file.name)
        guard descriptor >= 0 else { throw MountError("the served file: \(systemMessage(errno))") }
        return descriptor
    }

    /// Mounts `candidate` if it is the `only` one, or holds an operating system. Returns nil if it does not.
    private static func mount(
        _ candidate: MountCandidate, _ descriptor: Int32, _ file: FUSEFolder.File, isOnly: Bool,
        at directory: Int32
    ) throws(MountError) -> MountedSystem? {
        guard let type = candidate.type else { return nil }
        let device = try LoopDevice(descriptor, candidate.range, name: file.name)
        let parameters = [("source", device.path)] + candidate.parameters
        let mount = try DetachedMount(type, parameters)
        if let system = self.system(in: mount, "") {
            try mount.attach(to: directory)
            return MountedSystem(
                candidate: candidate, subvolume: nil, system: system,
                reason: candidate.reason ?? "it holds \(system)")
        }
        if type == "btrfs" {
            for subvolume in ["@", "root", "@root", "@rootfs"] {
                guard let system = self.system(in: mount, subvolume + "/") else { continue }
                let inner = try DetachedMount(type, parameters + [("subvol", subvolume)])
                try inner.attach(to: directory)
                return MountedSystem(
                    candidate: candidate, subvolume: subvolume, system: system,
                    reason: candidate.reason ?? "it holds \(system)")
            }
        }
        guard isOnly else { return nil }
        try mount.attach(to: directory)
        return MountedSystem(
            candidate: candidate, subvolume: nil, system: nil,
            reason: candidate.reason ?? "it is the only one that could hold a system")
    }

    /// The name of the operating system below `path` in `mount`. Nil if there is none.
    private static func system(in mount: borrowing DetachedMount, _ path: String) -> String? {
        for file in OSRelease.paths {
            let content = mount.content(of: path + file, limit: OSRelease.maximumSize)
            if let release = content.flatMap(OSRelease.init) { return release.name }
        }
        return nil
    }
}
