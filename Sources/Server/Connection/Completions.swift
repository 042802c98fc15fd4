import NIOCore
import Synchronization
import VitrineFormats

/// What a worker has done for a connection.
struct Completion: Sendable {
    var output: ByteBuffer
    /// The reply that has more steps to do.
    var unfinished: ReadReply?
    var error: ImageError?
    /// It is the next part of the reply that nothing may interrupt.
    var isContinuation = false
    /// The reply cannot be finished.
    var isBroken = false
    var request: Request
    /// What `ColdRequests` calls it.
    var number = 0
}

/// What workers have done for a connection, and its event loop has not picked up yet.
final class Completions: Sendable {
    private let list = Mutex<[Completion]>([])

    /// Adds one; true when the list was empty.
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
