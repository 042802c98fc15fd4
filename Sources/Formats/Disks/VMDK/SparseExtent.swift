/// A sparse extent of any kind, whose header and grain directory have been read.
struct SparseExtent: Sendable {
    let file: any Source

    /// The size of its content, in bytes.
    let capacity: UInt64

    let layout: any ClusterLayout
    let directory: L1Table

    /// The kind of extent: `KDMV`, `COWD` or `seSparse`.
    let kind: String

    let warnings: [String]

    /// Its header. Nil if its kind is not KDMV.
    let header: SparseExtentHeader?

    /// The source of its grain tables.
    private let tables: any Source

    /// True if the tables were made from a scan of a stream.
    let isRecovered: Bool

    /// True if its grains lie behind markers. Opening such an extent finds out what is missing.
    var isStream: Bool { header.map { $0.isCompressed && $0.hasMarkers } ?? false }

    var decoder: GrainDecoder {
        GrainDecoder(
            grainSize: layout.clusterSize, capacity: capacity, hasMarkers: header?.hasMarkers ?? false)
    }

    /// The bytes of tables that were made. They stay in memory.
    var madeTables: UInt64 { isRecovered ? tables.size : 0 }

    /// Reads the header and the directory of `file`. If it is a truncated stream, `context` tells whether to serve what
    /// is there.
    init(_ file: any Source, _ context: OpenContext) throws(ImageError) {
        self.file = file
        let magic = try file.bytes(at: 0, count: Int(min(file.size, 8)))
        if magic.starts(with: COWDHeader.magic) {
            let header = try COWDHeader(file)
            (capacity, layout, kind, tables) = (header.capacity, header.layout, "COWD", file)
            (self.header, directory, warnings) = (nil, try header.grainDirectory(file), [])
            isRecovered = false
        } else if magic == SESparseHeader.magic {
            let header = try SESparseHeader(file)
            (capacity, layout, kind, tables) = (header.capacity, header.layout, "seSparse", file)
            (self.header, directory, warnings) = (nil, try header.grainDirectory(file), [])
            isRecovered = false
        } else {
            let header = try SparseExtentHeader(file)
            guard !header.isDescriptorOnly else {
                throw ImageError(.corrupt, "capacity at 12 is 0: the file holds a descriptor, and no data")
            }
            (self.header, capacity, kind) = (header, header.capacity, "KDMV")
            var warnings =
                header.isUnclean
                ? ["the extent was not closed properly; this does not affect reading"] : []
            let found = try Self.directory(file, header, context)
            switch found {
            case .whole(let found), .damaged(let found, _):
                (directory, layout) = (found.table, header.layout)
                tables = GrainTables(file, found, warn: context.warn)
                warnings += found.warnings
            case .scanned(let scan):
                var layout = header.layout
                layout.isIncomplete = true
                let made = scan.made()
                (directory, self.layout, tables) = (made.l1, layout, made.tables)
            }
            (isRecovered, warnings) = (found.isRecovered, warnings + found.damage(file))
            self.warnings = warnings
        }
    }

    /// The result of looking for the grain directory.
    private enum Found {
        case whole(GrainDirectory)
        /// Some of the grains or tables that the directory names are missing, and the user wants the rest of the
        /// stream.
        case damaged(GrainDirectory, missing: String)
        /// There is no directory, and the user wants what a scan found of the stream.
        case scanned(GrainScan)

        var isRecovered: Bool { if case .scanned = self { true } else { false } }

        /// Warnings about what cannot be read of `file`.
        func damage(_ file: any Source) -> [String] {
            switch self {
            case .whole: []
            case .damaged(_, let missing): ["the stream is cut short: \(missing), and reading these fails"]
            case .scanned(let scan):
                [
                    "the stream is cut short at \(file.size): \(scan.summary), and reading what is missing fails"
                ]
            }
        }
    }

    private static func directory(
        _ file: any Source, _ header: SparseExtentHeader, _ context: OpenContext
    ) throws(ImageError) -> Found {
        let isStream = header.isCompressed && header.hasMarkers
        let stream = GrainStream(file: file, header: header)
        let found: GrainDirectory
        do throws(ImageError) {
            if header.directory != SparseExtentHeader.atEnd {
                found = try GrainDirectory(file, header)
            } else if let footer = try stream.footer() {
                // A stream that has its end has all that comes before it.
                return .whole(try GrainDirectory(file, footer))
            } else {
                throw ImageError(
                    .corrupt, "gdOffset at 56 says that there is a footer, but there is none")
            }
        } catch {
            guard error.code == .corrupt, isStream else { throw error }
            let scan = try GrainScan.find(file, header, context)
            if let sector = scan.directory {
                let warning = "\(error.reason): vitrine found the grain directory by scanning the stream"
                return .whole(try GrainDirectory(file, header, at: sector, warning: warning))
            }
            guard context.options.recovers else {
                throw ImageError(
                    .corrupt,
                    "\(error.reason): the stream is cut short at \(file.size), and \(scan.summary)",
                    remedy: Remedy(.recover, nil, "serves these"))
            }
            return .scanned(scan)
        }
        // In a compressed layer, the end of the file is decoded last.
        guard isStream, let missing = try stream.missing(found.table, looksForEnd: file.cost.isLow) else {
            return .whole(found)
        }
        guard context.options.recovers else {
            throw ImageError(
                .corrupt, "the stream is cut short: \(missing)",
                remedy: Remedy(.recover, nil, "serves the others"))
        }
        return .damaged(found, missing: missing)
    }

    /// Opens the first `size` bytes of the extent, at most its capacity. `backing` supplies what it does not hold. It
    /// is one of `shares` extents of the disk.
    func open(
        _ size: UInt64, backing: Base?, shares: Int = 1, _ engine: Engine
    ) -> ClusterDisk {
        ClusterDisk(
            size: size, layout,
            ClusterMap(
                tables: ClusterTables(tables, layout, .memory(directory), shares: shares, engine)),
            data: Base(file, .data), clusters: CompressedClusters(file, layout, decoder, engine.cache),
            backing: backing,
            engine)
    }
}
