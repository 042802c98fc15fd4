import Synchronization

/// How many requests of one connection may be with workers at the same time: fewer, the more connections there are, as the
/// reply to each takes memory until the client has read it.
final class ColdLimit: Sendable {
    /// For one connection.
    private static let most = 16
    /// For all of them, as far as each can have the least.
    private static let all = 64
    private static let least = 2

    private let connections = Atomic<Int>(0)

    /// The limit now.
    var current: Int {
        max(Self.least, min(Self.most, Self.all / max(1, connections.load(ordering: .relaxed))))
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
