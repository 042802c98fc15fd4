import Glibc
import VitrineFormats

/// Answers the kernel's requests for a range of a file, as an NBD server whose negotiation is over, until the kernel disconnects.
///
/// A thread reads the requests. It answers at once what takes no waiting, and leaves the rest to the workers.
final class NBDConnection: Sendable {
    /// The size of the device, in bytes.
    let size: UInt64
    /// The file, and where in it the device begins.
    private let file: FUSEFolder.File
    private let start: UInt64
    private let descriptor: Int32
    private var socket: StreamSocket { StreamSocket(descriptor) }
    private let pending: PendingRequests
    /// Held while a reply is sent: replies must not mix.
    private let sending = Monitor(())
    private let ended = Monitor<Result<Void, ImageError>?>(nil)

    /// Answers requests for `range` of `file`, up to a whole sector, from the `socket`, which it closes in the end.
    ///
    /// Throws `io` if the system has no thread left.
    init(
        _ socket: Int32, _ file: FUSEFolder.File, _ range: Range<UInt64>, _ workers: Workers
    ) throws(ImageError) {
        descriptor = socket
        self.file = file
        // A partition may pass the end of a disk.
        let end = min(range.upperBound, file.size)
        start = min(range.lowerBound, end)
        // The kernel drops what is no whole sector. A file ends with one.
        size = min(file.size - start, (end - start + 511) / 512 * 512)
        pending = PendingRequests(workers)
        let started =
            Thread.start("vitrine-nbd") { [self] in
                var end = Result<Void, ImageError>.success(())
                do throws(ImageError) { try serve() } catch { end = .failure(error) }
                shutdown(descriptor, Int32(SHUT_RDWR))
                pending.end()
                ended.change { $0 = end }
            }
            && Thread.start("vitrine-late") { [self] in
                pending.watch { send(NBDRequest.reply(to: $0, failure: EIO)) }
            }
        guard started else { throw ImageError(.io, Thread.shortage) }
    }

    deinit { close(descriptor) }

    /// Waits until it has ended.
    ///
    /// Throws `corrupt` if what came was no request.
    func wait() throws(ImageError) { try ended.wait { $0 }.get() }

    private func serve() throws(ImageError) {
        while let header = socket.receive(NBDRequest.size) {
            let request = try NBDRequest(header)
            switch request.command {
            case .read: read(request)
            case .write:
                guard let data = socket.receive(request.length) else { return }
                write(data, request)
            case .flush: send(NBDRequest.reply(to: request.cookie))
            case .disconnect: return
            case nil: send(NBDRequest.reply(to: request.cookie, failure: EINVAL))
            }
        }
    }

    // MARK: Reads and writes

    /// True if the device has all that `request` is for.
    private func isInside(_ request: NBDRequest) -> Bool {
        request.offset <= size && UInt64(request.length) <= size - request.offset
    }

    private func read(_ request: NBDRequest) {
        guard isInside(request) else { return send(NBDRequest.reply(to: request.cookie, failure: EINVAL)) }
        if let reply = reply(to: request, mayWait: false) { return send(reply) }
        pending.answer(request.cookie) { [self] in
            reply(to: request, mayWait: true) ?? NBDRequest.reply(to: request.cookie, failure: EIO)
        } send: { [self] in
            send($0)
        }
    }

    /// The reply to a read. Nil if it takes waiting, and `mayWait` is false.
    private func reply(to request: NBDRequest, mayWait: Bool) -> [UInt8]? {
        var bytes = NBDRequest.reply(to: request.cookie, room: request.length)
        let offset = start + request.offset
        do throws(ImageError) {
            var span = bytes.mutableSpan
            let isRead = try span.withPart(request.length, at: NBDRequest.replySize) {
                (part) throws(ImageError) in
                try file.source.read(into: &part, at: offset, mayWait: mayWait)
            }
            guard isRead else { return nil }
        } catch {
            return NBDRequest.reply(to: request.cookie, failure: EIO)
        }
        return bytes
    }

    private func write(_ data: [UInt8], _ request: NBDRequest) {
        guard let overlay = file.overlay, isInside(request) else {
            return send(NBDRequest.reply(to: request.cookie, failure: EPERM))
        }
        let offset = start + request.offset
        pending.answer(request.cookie) {
            do throws(ImageError) { try overlay.write(data[...], at: offset) } catch {
                return NBDRequest.reply(to: request.cookie, failure: EIO)
            }
            return NBDRequest.reply(to: request.cookie)
        } send: { [self] in
            send($0)
        }
    }

    /// Sends a reply, as far as the connection is still there.
    private func send(_ reply: [UInt8]) {
        sending.withLock { _ in _ = socket.send(reply) }
    }
}
