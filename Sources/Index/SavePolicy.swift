/// When an index is saved while it grows, and how much of it may be in memory only.
struct SavePolicy: Sendable {
    /// What is learnt is saved so often.
    var interval = Duration.seconds(10)
    /// Saving is tried again so long after it has failed.
    var retry = Duration.seconds(60)
    /// Saving writes all of the file anew, so it is done more rarely the longer it takes: by this factor.
    var rarity = 20
    /// Saves at once when so many bytes of details are in memory only.
    var saveAbove = 32 << 20
    /// No more bytes of details are in memory than these: what would pass that is not kept.
    var keepAtMost = 64 << 20
}
