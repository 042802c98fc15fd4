import Synchronization

/// Limits on one connection's work in progress: requests at the workers, and bytes of a reply made at once. They fall as the number
/// of connections rises, because replies take memory until the client has read them.
final class ColdLimit: Sendable {
    /// The most requests of one connection.
    private static let most = 16
    /// The most requests of all connections together, unless there are so many connections that each gets `least`.
    private static let all = 16
    private static let least = 1
    /// The most bytes of the replies to all connections together, unless there are so many that each gets `leastReply`. Their buffers
    /// take up to twice as much.
    private static let memory: UInt64 = 12 << 20
    private static let leastReply: UInt64 = 16 << 10

    private let connections = Atomic<Int>(0)

    /// The most requests that one connection may have at the workers now.
    var current: Int {
        max(Self.least, min(Self.most, Self.all / max(1, connections.load(ordering: .relaxed))))
    }

    /// The most bytes of data of one reply that are made at once.
    var replySize: UInt64 {
        let share = Self.memory / UInt64(max(1, connections.load(ordering: .relaxed)))
        return max(Self.leastReply, min(ReadReply.pieceSize, share))
    }

    /// Counts one more connection.
    func add() {
        connections.add(1, ordering: .relaxed)
    }

    /// Counts one connection less.
    func remove() {
        connections.subtract(1, ordering: .relaxed)
    }
}
