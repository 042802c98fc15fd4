import VitrineExports
import VitrineFormats

/// The metadata contexts of an export, from which queries select: its statuses, by their numbers.
struct MetaContextList {
    /// The most bytes that the names of all bitmaps may have together for the bitmaps to be listed.
    private static let maximumListing = 128 << 10

    private let statuses: StatusList

    /// The contexts of `export`.
    init(of export: Export) {
        statuses = export.statuses
    }

    /// The names that `queries` ask for. All names if there are no queries.
    ///
    /// `base:`, `qemu:` and `qemu:dirty-bitmap:` ask for all names that begin so. If there are too many bitmaps to list,
    /// `qemu:dirty-bitmap:` stands for them.
    func listing(_ queries: [String]) -> [String] {
        let names = statuses.names
        var found: Set<Int> = []
        // All names from this number on are asked for.
        var first = queries.isEmpty ? 0 : names.count
        for query in queries {
            switch query {
            case NBD.baseNamespace: found.insert(0)
            case NBD.qemuNamespace: first = min(first, StatusList.firstOfQemu)
            case BitmapStatus.prefix: first = min(first, StatusList.firstBitmap)
            default: if let number = statuses.number(of: query) { found.insert(number) }
            }
        }
        if statuses.bitmapNameBytes <= Self.maximumListing || first == names.count {
            return found.union(first..<names.count).sorted().map { names[$0] }
        }
        return found.union(first..<StatusList.firstBitmap).sorted().map { names[$0] } + [BitmapStatus.prefix]
    }

    /// The contexts of `source` that `queries` name. A query for more than one selects none.
    ///
    /// `source` is the disk that the list describes, or a window onto it.
    func selection(_ queries: [String], of source: any Source) -> [MetaContext] {
        let found = Set(queries.compactMap { statuses.number(of: $0) }).sorted()
        return zip(found, statuses.statuses(found, of: source)).map { number, status in
            MetaContext(id: UInt32(number), status: status)
        }
    }
}
