/// A sparse extent of any kind, whose header and grain directory were read.
struct SparseExtent: Sendable {
    let file: any Source

    /// The size of what it holds, in bytes.
    let capacity: UInt64

    let layout: any ClusterLayout
    let directory: L1Table

    /// Which kind it is: `KDMV`, `COWD` or `seSparse`.
    let kind: String

    let warnings: [String]

    /// Its header, where it is of the kind KDMV.
    let header: SparseExtentHeader?

    /// The file that its tables are in: its own, unless they had to be made.
    private let tables: any Source

    /// The tables were made from what there is of a stream.
    var isRecovered: Bool { tables !== file }

    /// Reads what `file` starts with; where that is a stream that is cut short, `recovers` says whether to make do with what is there.
    init(_ file: any Source, recovers: Bool) throws(ImageError) {
        self.file = file
        let magic = try file.bytes(at: 0, count: Int(min(file.size, 8)))
        if magic.starts(with: COWDHeader.magic) {
            let header = try COWDHeader(file)
            (capacity, layout, kind, tables) = (header.capacity, header.layout, "COWD", file)
            (self.header, directory, warnings) = (nil, try header.grainDirectory(file), [])
        } else if magic == SESparseHeader.magic {
            let header = try SESparseHeader(file)
            (capacity, layout, kind, tables) = (header.capacity, header.layout, "seSparse", file)
            (self.header, directory, warnings) = (nil, try header.grainDirectory(file), [])
        } else {
            let header = try SparseExtentHeader(file)
            guard !header.isDescriptorOnly else {
                throw ImageError(.corrupt, "capacity at 12 is 0: the file holds a descriptor, and no data")
            }
            (self.header, capacity, kind) = (header, header.capacity, "KDMV")
            var warnings =
                header.isUnclean
                ? ["the extent was not closed properly, which does not matter for reading"] : []
            if let found = try Self.directory(file, header, recovers) {
                (directory, layout, tables) = (found.table, header.layout, file)
                warnings += found.warnings
            } else {
                let recovered = try GrainStream(file: file, header: header).recovered()
                var layout = header.layout
                layout.isIncomplete = true
                (directory, self.layout, tables) = (recovered.l1, layout, recovered.tables)
                warnings.append(recovered.warning)
            }
            self.warnings = warnings
        }
    }

    /// The grain directory; nil where there is none, and what is there of a stream is to be made do with.
    private static func directory(
        _ file: any Source, _ header: SparseExtentHeader, _ recovers: Bool
    ) throws(ImageError) -> GrainDirectory? {
        let stream = GrainStream(file: file, header: header)
        let reason: String
        do throws(ImageError) {
            guard header.directory == SparseExtentHeader.atEnd else {
                return try GrainDirectory(file, header)
            }
            if let footer = try stream.footer() { return try GrainDirectory(file, footer) }
            reason = "gdOffset at 56 says that there is a footer, but there is none"
        } catch {
            guard error.code == .corrupt, header.isCompressed, header.hasMarkers else { throw error }
            reason = error.reason
        }
        guard header.isCompressed, header.hasMarkers else { throw ImageError(.corrupt, reason) }
        guard recovers else { throw try stream.incomplete(reason) }
        return nil
    }

    /// The first `size` bytes of what it holds, no more than its capacity; `backing` has what it does not. It is one of
    /// `shares` extents of the disk.
    func open(
        _ size: UInt64, backing: ReferencedSource?, shares: Int = 1, _ engine: Engine
    ) -> ClusterDisk {
        let decoder = GrainDecoder(
            grainSize: layout.clusterSize, capacity: capacity, hasMarkers: header?.hasMarkers ?? false)
        return ClusterDisk(
            size: size, layout,
            ClusterMap(kind: .tables(ClusterTables(tables, layout, directory, shares: shares, engine))),
            data: file, clusters: CompressedClusters(file, layout, decoder, engine.cache), backing: backing,
            engine)
    }
}
