import CLinux
import Glibc
import VitrineFormats

/// The block devices that the kernel makes of served files: loop devices by way of FUSE, or nbd devices if the system lacks one of these.
///
/// Used by one thread, whose descriptors are its own.
struct BlockDevices: ~Copyable {
    /// The descriptors of the files that FUSE shows, by their names.
    private let descriptors: [String: Int32]
    /// The reason that there are none.
    private let failure: MountError?
    private let nbd: NBDServer

    /// Opens the `files` that a server for FUSE serves, if there is one, in a mount that nobody else sees. Else all devices are those of `nbd`.
    init(_ server: Result<FUSEServer, MountError>, _ files: [FUSEFolder.File], or nbd: NBDServer) {
        self.nbd = nbd
        do throws(MountError) {
            descriptors = try Self.open(files, of: try server.get())
            failure = nil
        } catch {
            descriptors = [:]
            failure = error
        }
    }

    deinit { for descriptor in descriptors.values { close(descriptor) } }

    /// Makes a device of `range` of `file`. It can be written to if the file can.
    ///
    /// Throws the reasons if there is no way.
    func make(_ file: FUSEFolder.File, _ range: Range<UInt64>) throws(MountError) -> BlockDevice {
        let reason: MountError
        do throws(MountError) {
            return try loop(file, range)
        } catch {
            reason = error
        }
        do throws(MountError) {
            return try BlockDevice(nbd, of: file, range)
        } catch {
            throw MountError("it takes FUSE and a loop device, or an nbd device: \(reason); \(error)")
        }
    }

    private func loop(_ file: FUSEFolder.File, _ range: Range<UInt64>) throws(MountError) -> BlockDevice {
        if let failure { throw failure }
        guard let descriptor = descriptors[file.name] else { throw MountError("\(file.name) is not served") }
        return try BlockDevice(
            loopOver: descriptor, range, name: file.name, isWritable: file.overlay != nil)
    }

    private static func open(
        _ files: [FUSEFolder.File], of server: FUSEServer
    ) throws(MountError) -> [String: Int32] {
        let isWritable = files.contains { $0.overlay != nil }
        let mount = try DetachedMount(of: server, files.first?.name ?? "", isWritable: isWritable)
        server.start()
        // Of this thread's copies alone.
        close(server.descriptor)
        var open: [String: Int32] = [:]
        for file in files {
            let isWritable = file.overlay != nil
            let descriptor = unsafe vitrine_open_file(mount.descriptor, file.name, isWritable ? 1 : 0)
            guard descriptor >= 0 else {
                let error = MountError("the served file: \(systemMessage(errno))")
                for descriptor in open.values { close(descriptor) }
                throw error
            }
            open[file.name] = descriptor
        }
        return open
    }
}
