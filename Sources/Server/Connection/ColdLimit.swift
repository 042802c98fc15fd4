import Synchronization

/// How many requests of one connection may be with workers at the same time, and how much of a reply they make at once: less,
/// the more connections there are, as replies take memory until the client has read them.
final class ColdLimit: Sendable {
    /// For one connection.
    private static let most = 16
    /// For all of them, as far as each can have the least.
    private static let all = 16
    private static let least = 1
    /// What the replies to all connections may take, in bytes, as far as each can have the least.
    private static let memory: UInt64 = 32 << 20
    private static let leastReply: UInt64 = 16 << 10

    private let connections = Atomic<Int>(0)

    /// The limit now.
    var current: Int {
        max(Self.least, min(Self.most, Self.all / max(1, connections.load(ordering: .relaxed))))
    }

    /// The most data of a reply that is made at once, in bytes.
    var replySize: UInt64 {
        let share = Self.memory / UInt64(max(1, connections.load(ordering: .relaxed)))
        return max(Self.leastReply, min(ReadReply.pieceSize, share))
    }

    /// Counts one more connection.
    func add() {
        connections.add(1, ordering: .relaxed)
    }

    /// Counts one less.
    func remove() {
        connections.subtract(1, ordering: .relaxed)
    }
}
