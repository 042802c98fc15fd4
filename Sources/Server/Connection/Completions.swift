import NIOCore
import Synchronization
import VitrineFormats

/// The result of a worker's task for a connection.
struct Completion: Sendable {
    var output: ByteBuffer
    /// The reply, if it has more steps to do.
    var unfinished: ReadReply?
    var error: ImageError?
    /// True if it is the next part of the reply that nothing may interrupt.
    var isContinuation = false
    /// True if the reply cannot be finished.
    var isBroken = false
    var request: Request
    /// The request's number in `ColdRequests`.
    var number = 0
}

/// The results of workers for a connection that its event loop has not picked up yet.
final class Completions: Sendable {
    private let list = Mutex<[Completion]>([])

    /// Adds a result. Returns true if the list was empty.
    func add(_ completion: Completion) -> Bool {
        list.withLock { list in
            list.append(completion)
            return list.count == 1
        }
    }

    func takeAll() -> [Completion] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
