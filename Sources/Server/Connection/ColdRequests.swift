import VitrineFormats

/// Requests of one connection that workers have, or have done and it is not written yet.
struct ColdRequests {
    struct Entry {
        var request: Request
        /// Its reply is begun, and nothing may interrupt it.
        var isUnbroken: Bool
        /// When the workers were asked, in nanoseconds of the monotonic clock.
        var since: UInt64
    }

    private var entries: [Int: Entry] = [:]
    private var last = 0

    var count: Int { entries.count }

    /// Adds one that the workers are asked for now, and returns the number that it has from then on.
    mutating func add(_ request: Request, isUnbroken: Bool) -> Int {
        last += 1
        entries[last] = Entry(request: request, isUnbroken: isUnbroken, since: monotonicTime())
        return last
    }

    /// Removes one; false where it is not here any more: it was given up.
    mutating func remove(_ number: Int) -> Bool { entries.removeValue(forKey: number) != nil }

    /// Removes those that the workers were asked for at `time` or before, the first ones first.
    mutating func removeAll(since time: UInt64) -> [Entry] {
        let overdue = entries.filter { $0.value.since <= time }.sorted { $0.key < $1.key }
        for (number, _) in overdue { entries[number] = nil }
        return overdue.map(\.value)
    }
}
