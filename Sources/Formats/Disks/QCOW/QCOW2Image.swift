/// A qcow2 image whose header has been read and checked.
struct QCOW2Image: Sendable {
    /// The largest number of snapshots listed, and of bitmaps listed or offered. An image may have 65,536 of each.
    static let maximumListed = 1024

    /// The largest number of bitmaps that get a warning of their own if they are not served.
    private static let maximumWarnings = 10

    let file: any Source
    let context: OpenContext
    let header: QCOW2Header
    let extensions: QCOW2Extensions

    /// The snapshot to open. Nil for the present state of the disk.
    let snapshot: QCOW2Snapshot?

    /// The backing file. Nil if there is none, or nothing would ever be read from it.
    let backingFile: Reference?

    /// The external data file. Nil if there is none, or its name is not recorded.
    let dataFile: Reference?

    /// The first `maximumListed` snapshots.
    let snapshots: [QCOW2Snapshot]
    let bitmapEntries: [QCOW2BitmapEntry]

    private(set) var warnings: [String] = []

    /// The size of the disk, or of the snapshot to open, in bytes.
    var size: UInt64 { snapshot?.diskSize ?? header.size }

    var references: [Reference] { [dataFile, backingFile].compactMap(\.self) }

    var layout: QCOWLayout {
        QCOWLayout(
            kind: header.features.hasExtendedL2 ? .extended : header.version == 2 ? .qcow2v2 : .qcow2v3,
            clusterBits: UInt64(header.clusterBits), l2Bits: UInt64(header.l2Bits),
            hasDataFile: header.features.hasDataFile)
    }

    /// The location of the L1 table to open: its offset in the file, in bytes, and the number of entries that the disk
    /// uses.
    var l1: (offset: UInt64, count: Int) {
        ((snapshot?.l1 ?? header.l1).offset, Int(layout.l1Count(size)))
    }

    /// Reads the header of `file` and the lists of snapshots and bitmaps.
    init(_ file: any Source, _ context: OpenContext) throws(ImageError) {
        self.file = file
        self.context = context
        // An image that another image calls qcow2 gets no hint about raw disks: no user named its format.
        if context.chainLength == 1 { try Self.requireMagic(QCOW2Header.magic, file) }
        let header = try QCOW2Header(file)
        self.header = header
        let extensions = try QCOW2Extensions(file, header)
        self.extensions = extensions
        try header.features.requireKnown(extensions.featureNames)
        guard header.compression != nil else {
            throw ImageError(
                .unsupported, "compression_type at 104 is \(header.compressionType), expected 0 or 1")
        }
        dataFile =
            header.features.hasDataFile
            ? extensions.dataFileName.map { Reference(.dataFile, $0) } : nil
        let backingName = try header.backingName.map { (range) throws(ImageError) in
            try file.bytes(at: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
        }
        backingFile =
            header.features.isDataFileRaw
            ? nil : backingName.map { Reference(.backingFile, $0, format: extensions.backingFormat) }

        let table = QCOW2SnapshotTable(file: file, header: header)
        snapshot = try context.options.snapshot.map { (wanted) throws(ImageError) in try table.find(wanted) }
        try snapshot?.check(header, file)
        var warnings: [String] = []
        // The disk can be read even if its snapshots or bitmaps cannot be listed.
        snapshots = Self.listing("snapshots", &warnings) { () throws(ImageError) in
            try table.first(Self.maximumListed)
        }
        let directory = header.features.hasBitmaps ? extensions.bitmaps : nil
        bitmapEntries = Self.listing("bitmaps", &warnings) { () throws(ImageError) in
            try directory?.entries(
                of: file, clusterSize: header.clusterSize, limit: Self.maximumListed) ?? []
        }
        self.warnings = conditions(backingName) + warnings
        let unserved = bitmapEntries.compactMap { entry in
            problem(of: entry).map { "bitmap \"\(printable(entry.name))\" is not served: \($0)" }
        }
        self.warnings += unserved.prefix(Self.maximumWarnings)
        if unserved.count > Self.maximumWarnings {
            self.warnings.append("\(unserved.count - Self.maximumWarnings) more bitmaps are not served")
        }
    }

    /// Throws `corrupt` if `file` does not start with `magic`. The text has a hint for the case of a raw disk.
    static func requireMagic(_ magic: [UInt8], _ file: any Source) throws(ImageError) {
        guard file.size >= UInt64(magic.count) else { return }
        let found = try file.bytes(at: 0, count: magic.count)
        guard found == magic else {
            throw ImageError(
                .corrupt,
                "magic at 0 is \(hex(found)), expected \(hex(magic))",
                remedy: Remedy(.format, "raw", "takes the file as it is, if it is a raw disk"))
        }
    }

    private static func listing<Element>(
        _ what: String, _ warnings: inout [String], _ body: () throws(ImageError) -> [Element]
    ) -> [Element] {
        do throws(ImageError) {
            return try body()
        } catch {
            warnings.append("\(what) cannot be listed: \(error)")
            return []
        }
    }

    /// Warnings about the image's condition.
    private func conditions(_ backingName: [UInt8]?) -> [String] {
        var warnings: [String] = []
        if header.features.isCorrupt {
            warnings.append("the image is marked as corrupt: some of the data may be wrong")
        }
        if header.features.isDirty {
            warnings.append("the image was not closed properly; this does not affect reading")
        }
        if header.refcountOrder > 6 {
            warnings.append(
                "refcount_order at 96 is \(header.refcountOrder), expected 0...6; this does not affect "
                    + "reading")
        }
        if header.encryption != .none {
            warnings.append("the disk is encrypted (\(header.encryption.rawValue.uppercased()))")
        }
        if header.features.hasDataFile, dataFile == nil {
            warnings.append("the name of the external data file is not recorded")
        }
        if header.features.isDataFileRaw, backingName != nil {
            warnings.append(
                "the image names a backing file, but its raw data file alone is the whole disk")
        }
        return warnings
    }

    // MARK: Opening

    /// Opens the disk and the files that the image names.
    func open() throws(ImageError) -> any Source {
        guard header.encryption == .none else {
            throw ImageError(
                .unsupported,
                "the disk is encrypted (\(header.encryption.rawValue.uppercased())): it can be described, but not read"
            )
        }
        if header.features.hasDataFile, dataFile == nil {
            throw ImageError(.corrupt, "the data is in another file, whose name is not recorded")
        }
        let data = try dataFile.map { (reference) throws(ImageError) in try context.references.open(reference)
        }
        let backing = try backingFile.map { (reference) throws(ImageError) in
            Base(try context.references.open(reference), .backing, reference.text, of: "qcow2")
        }
        let layout = layout
        let tables = ClusterTables(
            file, layout, try FirstLevel(file, at: l1.offset, count: l1.count, layout.word),
            shares: context.chainLength, context.engine)
        let isRaw = header.features.isDataFileRaw
        let disk = ClusterDisk(
            size: size, layout, ClusterMap(tables: tables, hasRawDataFile: isRaw),
            data: Base(data ?? file, isRaw ? .rawData : .data),
            clusters: CompressedClusters(file, layout, decoder, context.engine.cache), backing: backing,
            bitmaps: bitmaps, context.engine)
        disk.warnOfShortfall(context)
        return disk
    }

    var decoder: QCOWDecoder {
        QCOWDecoder(
            codec: header.compression == .zstd ? .zstd : .deflate, clusterSize: Int(layout.clusterSize))
    }

    /// The bitmaps that can be served. None for a snapshot: they describe the present state of the disk.
    private var bitmaps: [any DirtyBitmap] {
        snapshot == nil ? bitmapEntries.compactMap { try? bitmap($0) } : []
    }

    /// The reason why the bitmap that `entry` describes is not served. Nil if it is.
    func problem(of entry: QCOW2BitmapEntry) -> String? {
        do throws(ImageError) {
            _ = try bitmap(entry)
            return nil
        } catch {
            return error.description
        }
    }

    /// The bitmap that `entry` describes.
    private func bitmap(_ entry: QCOW2BitmapEntry) throws(ImageError) -> QCOW2Bitmap {
        try QCOW2Bitmap(file, entry, size: header.size, clusterBits: UInt64(header.clusterBits))
    }
}

extension QCOW2Snapshot {
    /// Throws if the snapshot's disk size or L1 table is invalid.
    fileprivate func check(_ header: QCOW2Header, _ file: any Source) throws(ImageError) {
        let size = diskSize ?? header.size
        guard size <= UInt64(Int64.max) else {
            throw ImageError(
                .corrupt, "snapshot \"\(Self.text(id))\": disk size is \(size), expected \(Int64.max) at most"
            )
        }
        try l1.check(
            "snapshot \"\(Self.text(id))\"", size: size,
            coverageBits: UInt64(header.clusterBits + header.l2Bits), clusterSize: header.clusterSize,
            file: file, maximumSize: QCOW2Header.maximumL1Size)
    }
}
