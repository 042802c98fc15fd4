import VitrineFormats
import VitrineIndex

/// The texts of `vitrine index` about the indexes in the cache.
enum IndexCacheReport {
    /// A table of all of them; `now` is in nanoseconds since 1970.
    static func list(_ entries: [IndexCache.Entry], in path: SystemString, now: Int64) -> String {
        guard !entries.isEmpty else { return "\(path): no indexes" }
        let head = "\(path): \(count(entries)), \(byteCount(size(entries)))"
        let rows = entries.map { entry in
            [
                byteCount(entry.fileSize), "used \(timeText(.nanoseconds(max(0, now &- entry.lastUse)))) ago",
                entry.summary.map { extent($0) } ?? "unusable",
                entry.summary?.name ?? "\(entry.fingerprint.prefix(16))…",
            ]
        }
        return ([head] + TextTable.lines(rows)).joined(separator: "\n")
    }

    /// The result of pruning the cache.
    static func pruned(_ gone: [IndexCache.Entry], left: [IndexCache.Entry]) -> String {
        "removed \(count(gone)), \(byteCount(size(gone))); \(byteCount(size(left))) left"
    }

    private static func extent(_ summary: IndexCache.Summary) -> String {
        guard let size = summary.layerSize else { return byteCount(summary.indexed) }
        guard summary.indexed < size else { return "complete" }
        return percentText(summary.indexed, of: size)
    }

    private static func count(_ entries: [IndexCache.Entry]) -> String {
        entries.count == 1 ? "1 index" : "\(entries.count) indexes"
    }

    private static func size(_ entries: [IndexCache.Entry]) -> UInt64 {
        entries.reduce(0) { $0 &+ $1.fileSize }
    }
}
