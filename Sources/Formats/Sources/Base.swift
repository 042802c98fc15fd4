import Synchronization

/// A source below a layer, and the way in which the layer uses it.
package final class Base: Sendable {
    /// The part that a base plays in a layer.
    package enum Role: Sendable {
        /// It is a part of the layer, in other offsets.
        case part
        /// It is the next image of the chain: it has what the layer does not hold.
        case backing
        /// It holds the layer's data. Its holes are allocated zeroes of the disk, as with qemu-nbd.
        case data
        /// It holds the layer's data, and its holes are not looked up, as with qemu-nbd.
        case rawData
    }

    /// The number of bytes ahead for which a file is asked for its extents.
    private static let foresight: UInt64 = 64 << 20

    let source: any Source
    let size: UInt64
    private let role: Role

    /// The format of the layer, then the role and the name of the file. Empty if it is the layer's own file.
    private let path: [String]

    /// True if each question about extents takes system calls.
    private let isFile: Bool

    /// The range of a file that was last found to hold data. If it no longer does, reading reports that.
    private let knownData = Mutex<Range<UInt64>>(0..<0)

    private init(_ source: any Source, _ role: Role, path: [String]) {
        self.source = source
        size = source.size
        self.role = role
        self.path = path
        isFile = source.cost == .file
    }

    /// The layer's use of `source` in the given `role`. Errors name it by `text`, and the format of the layer that names it.
    convenience init(_ source: any Source, _ role: Role, _ text: String, of formatName: String) {
        self.init(source, role, path: [formatName, text])
    }

    /// The layer's use of `source`, which is its own file, in the given `role`.
    package convenience init(_ source: any Source, _ role: Role) {
        self.init(source, role, path: [])
    }

    /// The part of the base in `range`, called the same.
    ///
    /// Throws `outOfRange` if `range` passes the end.
    func slice(_ range: Range<UInt64>) throws(ImageError) -> Base {
        Base(try Slice(source, range), role, path: path)
    }

    /// Runs `body`, and adds to any error the file that it comes from.
    private func naming<Result>(_ body: () throws(ImageError) -> Result) throws(ImageError) -> Result {
        do {
            return try body()
        } catch {
            guard !path.isEmpty else { throw error }
            var placed = error
            placed.add(path)
            throw placed
        }
    }

    /// Fills `count` bytes of `buffer`, from index `index` on, with those from `offset` on. Returns false if that takes waiting and
    /// `mayWait` is false.
    func read(
        _ count: Int, into buffer: inout MutableSpan<UInt8>, _ index: Int, at offset: UInt64, mayWait: Bool
    ) throws(ImageError) -> Bool {
        try naming { () throws(ImageError) in
            try buffer.withPart(count, at: index) { (part) throws(ImageError) in
                try source.read(into: &part, at: offset, mayWait: mayWait)
            }
        }
    }

    /// The extent at the start of `range`, as an extent of the layer. Nil if finding it takes waiting and `mayWait` is false.
    func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        if role == .rawData { return Extent(range, .data) }
        if isFile, knownData.withLock({ range.clamped(to: $0) == range }) { return Extent(range, .data) }
        // Asks further than `range`, as the next call asks for what follows.
        let ahead = range.lowerBound..<range.lowerBound + min(Self.foresight, size - range.lowerBound)
        let asked = isFile && range.count < ahead.count ? ahead : range
        let found = try naming { () throws(ImageError) in try source.extent(in: asked, mayWait: mayWait) }
        guard var found else { return nil }
        if isFile, found.kind == .data { knownData.withLock { $0 = found.range } }
        if role == .data, found.kind == .hole { found.kind = .zero }
        found.range = found.range.clamped(to: range)
        return found
    }

    /// The image of the chain that holds the start of `range`, counted from the layer on.
    func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        switch role {
        case .data, .rawData:
            return Allocation(range, depth: 1)
        case .part, .backing:
            var found = try naming { () throws(ImageError) in try source.depth(in: range) }
            if role == .backing, found.depth > 0 { found.depth += 1 }
            return found
        }
    }

    func decodingTime(at offset: UInt64?) -> UInt64 { source.decodingTime(at: offset) }

    func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        try naming { () throws(ImageError) in try source.prefetch(range) }
    }
}
