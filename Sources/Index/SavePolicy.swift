/// The times at which a growing index is saved, and the limits of its unsaved part.
struct SavePolicy: Sendable {
    /// The time from one save to the next.
    var interval = Duration.seconds(10)
    /// The time from a failed save to the next try.
    var retry = Duration.seconds(60)
    /// The time from one save to the next is at least this many times the time that a save takes, because it writes the whole file.
    var rarity = 20
    /// The bytes of unsaved details above which the index is saved at once.
    var saveAbove = 32 << 20
    /// The most bytes of unsaved details. Details that would exceed it are not kept.
    var keepAtMost = 64 << 20
}
