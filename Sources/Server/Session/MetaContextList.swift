import VitrineFormats

/// The metadata contexts of an export, from which queries select.
///
/// The exports of one image share a list: an image may have many bitmaps, and many partitions.
struct MetaContextList: Sendable {
    /// The most bytes that the names of all bitmaps may have together for the bitmaps to be listed.
    private static let maximumListing = 128 << 10

    /// The names by number, which is also the context's ID: `base:allocation`, `qemu:allocation-depth`, the bitmaps.
    private let names: [String]
    private static let firstOfQemu = 1
    private static let firstBitmap = 2

    /// The number of each name, by its UTF-8: strings can be equal although their bytes differ, and a disk may have two bitmaps with
    /// such names.
    private let numbers: [[UInt8]: Int]

    /// The indices, among the disk's bitmaps, of the contexts from `firstBitmap` on.
    private let bitmapIndices: [Int]

    /// True if the bitmaps are listed, and not only the way to ask for one.
    private let listsBitmaps: Bool

    /// The contexts of a disk with these bitmaps.
    ///
    /// Leaves out bitmaps whose name no client could ask for. Of several with one name, the first counts.
    init(_ bitmaps: [any DirtyBitmap]) {
        var names = [NBD.baseAllocation, NBD.allocationDepth]
        var numbers: [[UInt8]: Int] = [:]
        for (number, name) in names.enumerated() { numbers[Array(name.utf8)] = number }
        var bitmapIndices: [Int] = []
        var size = 0
        for (index, bitmap) in bitmaps.enumerated() {
            let name = NBD.dirtyBitmap + bitmap.name
            let bytes = Array(name.utf8)
            guard !bitmap.name.isEmpty, bytes.count <= NBD.maximumString, !bytes.contains(0),
                numbers[bytes] == nil
            else { continue }
            numbers[bytes] = names.count
            names.append(name)
            bitmapIndices.append(index)
            size += bytes.count
        }
        self.names = names
        self.numbers = numbers
        self.bitmapIndices = bitmapIndices
        listsBitmaps = size <= Self.maximumListing
    }

    /// The names that `queries` ask for. All names if there are no queries.
    ///
    /// `base:`, `qemu:` and `qemu:dirty-bitmap:` ask for all names that begin so. If there are too many bitmaps to list,
    /// `qemu:dirty-bitmap:` stands for them.
    func listing(_ queries: [String]) -> [String] {
        var found: Set<Int> = []
        // All names from this number on are asked for.
        var first = queries.isEmpty ? 0 : names.count
        for query in queries {
            switch query {
            case NBD.baseNamespace: found.insert(0)
            case NBD.qemuNamespace: first = min(first, Self.firstOfQemu)
            case NBD.dirtyBitmap: first = min(first, Self.firstBitmap)
            default: if let number = numbers[Array(query.utf8)] { found.insert(number) }
            }
        }
        if listsBitmaps || first == names.count {
            return found.union(first..<names.count).sorted().map { names[$0] }
        }
        return found.union(first..<Self.firstBitmap).sorted().map { names[$0] } + [NBD.dirtyBitmap]
    }

    /// The contexts of `source` that `queries` name. A query for more than one selects none.
    ///
    /// `source` is the disk that the list describes, or a window onto it.
    func selection(_ queries: [String], of source: any Source) -> [MetaContext] {
        let found = Set(queries.compactMap { numbers[Array($0.utf8)] })
        let bitmaps = source.bitmaps
        return found.sorted().map { number in
            let kind: MetaContext.Kind =
                switch number {
                case 0: .allocation
                case Self.firstOfQemu: .depth
                default: .bitmap(bitmaps[bitmapIndices[number - Self.firstBitmap]])
                }
            return MetaContext(id: UInt32(number), name: names[number], kind: kind)
        }
    }
}
