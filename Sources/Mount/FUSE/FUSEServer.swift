import CLinux
import Glibc
import Logging
import VitrineExports
import VitrineFormats

/// Answers the kernel's requests for the files of a folder, by the FUSE protocol, until nothing uses them any more.
///
/// A thread reads the requests. It answers at once what takes no waiting, and leaves the rest to the workers.
final class FUSEServer: Sendable {
    /// The reason that it ended.
    private enum End: Sendable {
        /// Nothing uses the files any more.
        case unmounted
        /// Somebody aborted the connection.
        case aborted
        case broken(ImageError)
    }

    /// A request that has no reply yet.
    private struct Waiting {
        /// The time since when, in nanoseconds.
        let since: UInt64
        /// The text that tells of it.
        let text: @Sendable () -> String
        let file: FUSEFolder.File
    }

    /// The descriptor of /dev/fuse.
    let descriptor: Int32
    private let folder: FUSEFolder
    private let workers: Workers
    private let logger: Logger
    private let failures = FailureLog()
    /// The seconds without any progress of the workers after which what waits for them fails: a reader that waits cannot be killed.
    private let patience: UInt64
    /// True once the connection is mounted: reading before that is an error.
    private let isMounted = Monitor(false)
    private let ended = Monitor<End?>(nil)
    /// The requests that workers answer, by their numbers.
    private let pending = Monitor<[UInt64: Waiting]>([:])

    /// Serves `folder` on the new connection `descriptor` of /dev/fuse, which it takes over. What fails goes to the log.
    ///
    /// Throws if the system has no thread left.
    init(
        _ descriptor: Int32, _ folder: FUSEFolder, _ workers: Workers, _ logger: Logger, patience: UInt64 = 60
    ) throws(MountError) {
        self.descriptor = descriptor
        self.folder = folder
        self.workers = workers
        self.logger = logger
        self.patience = patience
        let started =
            Thread.start("vitrine-fuse") { [self] in
                isMounted.wait { $0 ? () : nil }
                let end = serve()
                failures.sumUp(logger)
                ended.change { $0 = end }
            } && Thread.start("vitrine-late") { [self] in watch() }
        guard started else { throw MountError(Thread.shortage) }
    }

    deinit { close(descriptor) }

    /// Opens /dev/fuse for a new connection.
    static func open() throws(MountError) -> Int32 {
        let descriptor = vitrine_open_fuse()
        guard descriptor >= 0 else { throw MountError("/dev/fuse: \(systemMessage(errno))") }
        return descriptor
    }

    /// Starts to answer. Called once the connection is mounted.
    func start() { isMounted.change { $0 = true } }

    /// True if the connection was mounted.
    var isStarted: Bool { isMounted.withLock { $0 } }

    /// Waits until nothing uses the files any more. Throws if it has ended for another reason.
    func waitForEnd() throws(MountError) {
        switch ended.wait(until: { $0 }) {
        case .unmounted: return
        case .aborted: throw MountError("the connection to the kernel was aborted")
        case .broken(let error): throw MountError("\(error)")
        }
    }

    /// True if it has ended.
    var hasEnded: Bool { ended.withLock { $0 != nil } }

    private func serve() -> End {
        var buffer = [UInt8](repeating: 0, count: FUSERequest.maximumSize)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            guard count >= 0 else {
                switch errno {
                // The request was interrupted before it was read.
                case EINTR, EAGAIN, ENOENT: continue
                case ENODEV: return .unmounted
                case ECONNABORTED: return .aborted
                case let error: return .broken(ImageError(.io, "/dev/fuse: \(systemMessage(error))"))
                }
            }
            do throws(ImageError) {
                try answer(try FUSERequest(Array(buffer[..<count])))
            } catch {
                return .broken(error)
            }
        }
    }

    private func answer(_ request: FUSERequest) throws(ImageError) {
        let file = folder.file(request.node)
        switch (request.operation, file) {
        case (.read, let file?): try read(file, request)
        case (.write, let file?): try write(to: file, request)
        case (.seek, let file?): try seek(in: file, request)
        default: if let reply = try folder.reply(to: request) { send(reply) }
        }
    }

    // MARK: Operations on files

    /// The largest read, in bytes. The kernel was told so.
    static let maximumRead = 1 << 20

    private func read(_ file: FUSEFolder.File, _ request: FUSERequest) throws(ImageError) {
        let offset: UInt64 = try request.arguments.little("offset", at: 8)
        let wanted: UInt32 = try request.arguments.little("size", at: 16)
        let (unique, source, name) = (request.unique, file.source, file.name)
        let count = offset < source.size ? Int(min(UInt64(wanted), source.size - offset)) : 0
        guard count <= Self.maximumRead else { return send(FUSEReply(to: unique, failure: EINVAL)) }
        // Nothing can be read behind the end, and that is no error.
        guard count > 0 else { return send(FUSEReply(to: unique)) }
        answer(unique, file, { "read of \(count) bytes at \(offset) of \"\(printable(name))\"" }) {
            (mayWait) throws(ImageError) in
            let start = FUSEReply.headerSize
            var bytes = [UInt8](repeating: 0, count: start + count)
            var span = bytes.mutableSpan
            let isRead = try span.withPart(count, at: start) { (part) throws(ImageError) in
                try source.read(into: &part, at: offset, mayWait: mayWait)
            }
            return isRead ? FUSEReply(to: unique, withRoomForHeader: bytes) : nil
        }
    }

    private func write(to file: FUSEFolder.File, _ request: FUSERequest) throws(ImageError) {
        let offset: UInt64 = try request.arguments.little("offset", at: 8)
        let size: UInt32 = try request.arguments.little("size", at: 16)
        let (unique, data) = (request.unique, request.data)
        guard let overlay = file.overlay, data.count == Int(size) else {
            return send(FUSEReply(to: unique, failure: EROFS))
        }
        answer(unique, file, { "write of \(size) bytes at \(offset)" }) { (mayWait) throws(ImageError) in
            guard mayWait else { return nil }
            try overlay.write(data, at: offset)
            var writer = ByteWriter()
            writer.append(size)
            writer.append(UInt32(0))
            return FUSEReply(to: unique, writer.bytes)
        }
    }

    private func seek(in file: FUSEFolder.File, _ request: FUSERequest) throws(ImageError) {
        let offset: UInt64 = try request.arguments.little("offset", at: 8)
        let whence: UInt32 = try request.arguments.little("whence", at: 16)
        let (unique, name) = (request.unique, file.name)
        guard let target = HoleSearch.Target(rawValue: whence) else {
            return send(FUSEReply(to: unique, failure: EINVAL))
        }
        let search = HoleSearch(source: file.source, target: target)
        answer(unique, file, { "search for a hole or data at \(offset) of \"\(printable(name))\"" }) {
            (mayWait) throws(ImageError) in
            switch try search.from(offset, mayWait: mayWait) {
            case .unknown: return nil
            case .none: return FUSEReply(to: unique, failure: ENXIO)
            case .found(let place):
                var writer = ByteWriter()
                writer.append(place)
                return FUSEReply(to: unique, writer.bytes)
            }
        }
    }

    // MARK: Replies

    /// Sends the `reply` to the request `unique` for `file`: at once if that takes no waiting (it is not nil), or lets a worker find it. If it
    /// throws, the request fails, and the log tells with `text` what it was.
    private func answer(
        _ unique: UInt64, _ file: FUSEFolder.File, _ text: @escaping @Sendable () -> String,
        _ reply: @escaping @Sendable (_ mayWait: Bool) throws(ImageError) -> FUSEReply?
    ) {
        do throws(ImageError) {
            if let reply = try reply(false) { return send(reply) }
        } catch {
            return fail(unique, file, text, error)
        }
        pending.withLock { $0[unique] = Waiting(since: monotonicTime(), text: text, file: file) }
        workers.submit(.now) { [self] in
            let found: Result<FUSEReply?, ImageError>
            do throws(ImageError) { found = .success(try reply(true)) } catch { found = .failure(error) }
            // It may have failed meanwhile.
            guard pending.withLock({ $0.removeValue(forKey: unique) }) != nil else { return }
            switch found {
            case .success(let reply): send(reply ?? file.failure(of: unique))
            case .failure(let error): fail(unique, file, text, error)
            }
        }
    }

    /// Lets the request `unique` for `file` fail, of which `text` tells.
    private func fail(
        _ unique: UInt64, _ file: FUSEFolder.File, _ text: () -> String, _ error: ImageError
    ) {
        failures.note(text(), "\(error)", cause: error, logger)
        send(file.failure(of: unique))
    }

    /// Fails what waits while the workers make no progress, until the connection ends.
    private func watch() {
        var stall = StallWatch(workers.progress, seconds: patience, now: monotonicTime())
        while true {
            let late: [UInt64: Waiting] = ended.wait(every: { _ in 1_000_000_000 }) { end in
                guard end == nil else { return [:] }
                let now = monotonicTime()
                guard stall.hasStopped(workers.progress, now: now) else { return nil }
                let late = takeWaiting(since: now - patience * 1_000_000_000)
                return late.isEmpty ? nil : late
            }
            if late.isEmpty { return }
            for (unique, waiting) in late {
                fail(unique, waiting.file, waiting.text, StallWatch.error(after: patience))
            }
        }
    }

    /// Removes what has waited since `time` or longer from what is pending.
    private func takeWaiting(since time: UInt64) -> [UInt64: Waiting] {
        pending.withLock { pending in
            let late = pending.filter { $0.value.since <= time }
            for unique in late.keys { pending[unique] = nil }
            return late
        }
    }

    /// Sends `reply`. One that nobody waits for any more is dropped by the kernel.
    private func send(_ reply: FUSEReply) {
        let bytes = reply.bytes
        while true {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count >= 0 || errno != EINTR { return }
        }
    }
}
