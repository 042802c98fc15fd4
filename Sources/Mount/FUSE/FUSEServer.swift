import CLinux
import Glibc
import VitrineFormats

/// Answers the kernel's requests for the files of a folder, by the FUSE protocol, until nothing uses them any more.
///
/// A thread reads the requests. It answers at once what takes no waiting, and leaves the rest to the workers.
final class FUSEServer: Sendable {
    /// The reason that it ended.
    enum End: Sendable {
        /// Nothing uses the files any more.
        case unmounted
        /// Somebody aborted the connection.
        case aborted
        case broken(ImageError)
    }

    /// The descriptor of /dev/fuse.
    let descriptor: Int32
    private let folder: FUSEFolder
    private let workers: Workers
    /// The time limit of each read, in nanoseconds: a reader that waits cannot be killed.
    private let patience: UInt64
    /// True once the connection is mounted: reading before that is an error.
    private let isMounted = Monitor(false)
    private let ended = Monitor<End?>(nil)
    /// The reads and writes that have no reply yet, and the times since when.
    private let pending = Monitor<[UInt64: UInt64]>([:])

    /// Opens a connection for `folder`. Each read that takes more than `patience` seconds fails.
    ///
    /// Throws `io` if the system has no /dev/fuse, or has no thread left.
    init(_ folder: FUSEFolder, _ workers: Workers, patience: UInt64 = 60) throws(ImageError) {
        self.folder = folder
        self.workers = workers
        self.patience = patience * 1_000_000_000
        descriptor = vitrine_open_fuse()
        guard descriptor >= 0 else { throw ImageError(.io, "/dev/fuse: \(systemMessage(errno))") }
        let started =
            Thread.start("vitrine-fuse") { [self] in
                isMounted.wait { $0 ? () : nil }
                let end = serve()
                ended.change { $0 = end }
            } && Thread.start("vitrine-late") { [self] in watch() }
        guard started else { throw ImageError(.io, Thread.shortage) }
    }

    deinit { close(descriptor) }

    /// Starts to answer. Called once the connection is mounted.
    func start() { isMounted.change { $0 = true } }

    /// True if the connection was mounted.
    var isStarted: Bool { isMounted.withLock { $0 } }

    /// Waits until it has ended.
    func wait() -> End { ended.wait { $0 } }

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
        if request.operation == .read, let file = folder.file(request.node) {
            try read(file, request)
        } else if request.operation == .write, let file = folder.file(request.node) {
            try write(to: file, request)
        } else if let reply = try folder.reply(to: request) {
            send(reply)
        }
    }

    // MARK: Reads

    private func read(_ file: FUSEFolder.File, _ request: FUSERequest) throws(ImageError) {
        let offset: UInt64 = try request.arguments.little("offset", at: 8)
        let wanted: UInt32 = try request.arguments.little("size", at: 16)
        let (unique, source) = (request.unique, file.source)
        let count = offset < source.size ? Int(min(UInt64(wanted), source.size - offset)) : 0
        guard count <= Self.maximumRead else { return send(FUSEReply(to: unique, failure: EINVAL)) }
        if let reply = Self.reply(to: unique, source, offset, count, mayWait: false) { return send(reply) }
        answerLater(unique) { Self.reply(to: unique, source, offset, count, mayWait: true) }
    }

    // MARK: Writes

    private func write(to file: FUSEFolder.File, _ request: FUSERequest) throws(ImageError) {
        let offset: UInt64 = try request.arguments.little("offset", at: 8)
        let size: UInt32 = try request.arguments.little("size", at: 16)
        let (unique, data) = (request.unique, request.data)
        guard let overlay = file.overlay, data.count == Int(size) else {
            return send(FUSEReply(to: unique, failure: EROFS))
        }
        answerLater(unique) {
            do throws(ImageError) { try overlay.write(data, at: offset) } catch { return nil }
            var writer = ByteWriter()
            writer.append(size)
            writer.append(UInt32(0))
            return FUSEReply(to: unique, writer.bytes)
        }
    }

    // MARK: Replies

    /// Lets a worker find the reply to the request `unique`. Nil is an error of the image. Sends nothing if it is too late by then.
    private func answerLater(_ unique: UInt64, _ reply: @escaping @Sendable () -> FUSEReply?) {
        pending.withLock { $0[unique] = monotonicTime() }
        workers.submit(.now) { [self] in
            let reply = reply() ?? FUSEReply(to: unique, failure: EIO)
            guard pending.withLock({ $0.removeValue(forKey: unique) }) != nil else { return }
            send(reply)
        }
    }

    /// The largest read, in bytes. The kernel was told so.
    static let maximumRead = 1 << 20

    /// The reply to a read of `count` bytes from `offset`. Nil if it takes waiting, and `mayWait` is false.
    private static func reply(
        to unique: UInt64, _ source: any Source, _ offset: UInt64, _ count: Int, mayWait: Bool
    ) -> FUSEReply? {
        let start = FUSEReply.headerSize
        var bytes = [UInt8](repeating: 0, count: start + count)
        do throws(ImageError) {
            var span = bytes.mutableSpan
            let isRead = try span.withPart(count, at: start) { (part) throws(ImageError) in
                try source.read(into: &part, at: offset, mayWait: mayWait)
            }
            guard isRead else { return nil }
        } catch {
            // Other codes become odd ones on the way through a loop device.
            return FUSEReply(to: unique, failure: EIO)
        }
        return FUSEReply(to: unique, withRoomForHeader: bytes)
    }

    /// Fails the reads that take too long, until the connection ends.
    private func watch() {
        while true {
            let late: [UInt64] = ended.wait(every: { _ in 1_000_000_000 }) { end in
                guard end == nil else { return [] }
                let late = takeLate()
                return late.isEmpty ? nil : late
            }
            if late.isEmpty { return }
            for unique in late { send(FUSEReply(to: unique, failure: EIO)) }
        }
    }

    /// Removes what has waited too long from what is pending.
    private func takeLate() -> [UInt64] {
        pending.withLock { pending in
            // Under the lock, so that no request came later.
            let now = monotonicTime()
            let late = pending.filter { now - $0.value > patience }.map(\.key)
            for unique in late { pending[unique] = nil }
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
