/// The spans that readers have left in the middle, for a worker that has nothing else to do.
struct UnfinishedSpans {
    /// A span, and the generation of the index that it is of.
    struct Entry {
        var span: SeekSpan
        var generation: Int
    }

    /// The most spans that wait. The oldest are forgotten: their readers have gone on.
    private static let limit = 64

    /// The spans, the latest last.
    private var entries: [Entry] = []
    /// True if a task for a worker is queued, or runs.
    private var hasTask = false

    /// Adds `entry`. Returns true if there is no task yet, and the caller is to queue one.
    mutating func add(_ entry: Entry) -> Bool {
        entries.removeAll { $0.span.range.lowerBound == entry.span.range.lowerBound }
        entries.append(entry)
        if entries.count > Self.limit { entries.removeFirst() }
        defer { hasTask = true }
        return !hasTask
    }

    /// Takes the latest span, for the task. If there is none, there is no task any more.
    mutating func next() -> Entry? {
        let entry = entries.popLast()
        hasTask = entry != nil
        return entry
    }

    /// Notes that there is no task any more.
    mutating func giveUp() { hasTask = false }
}
