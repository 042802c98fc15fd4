import Logging
import VitrineExports
import VitrineFormats
import VitrineMount
import VitrineServer

/// FUSE as a front: each export is a file in a directory.
final class FUSEFront: Front {
    private let exports: ExportList
    private let image: String
    private let directory: SystemString
    private let path: SystemString
    private let workers: Workers
    private let logger: Logger
    private let mount = Monitor<FileMount?>(nil)
    private let ended: @Sendable (MountError?) -> Void

    /// A front that shows `exports` in `directory`. `image` is the name of what they come from. It calls `ended` when somebody else has
    /// unmounted them, or with the error by which they have gone.
    ///
    /// Throws if there is no such directory.
    init(
        _ exports: ExportList, of image: String, in directory: SystemString, _ engine: Engine,
        _ logger: Logger,
        whenEnded ended: @escaping @Sendable (MountError?) -> Void
    ) throws(CommandError) {
        self.exports = exports
        self.image = image
        self.directory = directory
        // Nothing holds the directory while it is mounted.
        try MountPoint(directory).close()
        path = try MountPoint.resolved(directory)
        workers = engine.workers
        self.logger = logger
        self.ended = ended
    }

    func start() throws -> FrontAddress? {
        let names = exports.fileNames
        let files = zip(names, exports.all).map { (name: $0, source: $1.source) }
        let mounted: FileMount
        do throws(MountError) {
            mounted = try FileMount(files, image: image, at: path, workers, logger)
        } catch {
            throw CommandError("--fuse: \(directory): \(error)")
        }
        let started = Thread.start("vitrine-mounted") { [ended] in
            do throws(MountError) {
                try mounted.waitForEnd()
                ended(nil)
            } catch {
                ended(error)
            }
        }
        guard started else {
            mounted.stop()
            throw CommandError("--fuse: \(Thread.shortage)")
        }
        mount.withLock { $0 = mounted }
        let disk = path + "/" + SystemString(names.first ?? "")
        return FrontAddress(uri: disk.text, variables: ["dir": path, "disk": disk])
    }

    func stop() { mount.withLock { $0 }?.stop() }
}
