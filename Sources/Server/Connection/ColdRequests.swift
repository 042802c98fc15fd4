import VitrineFormats

/// The requests of one connection that workers have, or have done but whose replies are not written yet.
struct ColdRequests {
    struct Entry {
        var request: Request
        /// True if its reply is begun, and nothing may interrupt it.
        var isUnbroken: Bool
        /// The time when the workers were asked, in nanoseconds of the monotonic clock.
        var since: UInt64
    }

    private var entries: [Int: Entry] = [:]
    private var last = 0

    var count: Int { entries.count }

    /// Adds a request that the workers are asked for now. Returns the number that it has from then on.
    mutating func add(_ request: Request, isUnbroken: Bool) -> Int {
        last += 1
        entries[last] = Entry(request: request, isUnbroken: isUnbroken, since: monotonicTime())
        return last
    }

    /// Removes a request. Returns false if it is no longer here, because it was given up.
    mutating func remove(_ number: Int) -> Bool { entries.removeValue(forKey: number) != nil }

    /// Those that the workers were asked for at `time` or before, the first ones first.
    func waiting(since time: UInt64) -> [(number: Int, entry: Entry)] {
        entries.filter { $0.value.since <= time }.sorted { $0.key < $1.key }
            .map { (number: $0.key, entry: $0.value) }
    }
}
