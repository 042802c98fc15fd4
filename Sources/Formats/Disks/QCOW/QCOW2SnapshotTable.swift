/// The list of snapshots in a qcow2 image (docs/interop/qcow2.txt, "Snapshots").
///
/// Each entry, with big-endian integers:
///
///      0  l1_table_offset  8
///      8  l1_size          4   in entries
///     12  id length        2
///     14  name length      2
///     16  date             8   seconds, nanoseconds
///     24  clock            8   nanoseconds
///     32  state size       4   in bytes
///     36  extra length     4
///     40  extra            .   state size, size of the disk, instructions: 8 each, if present
///         id, name             padded to a multiple of 8 together with the fields before it
struct QCOW2SnapshotTable: Sendable {
    // The limits of qemu.
    private static let maximumCount: UInt32 = 65_536
    private static let maximumSize: UInt64 = 64 << 20
    private static let maximumExtra: UInt32 = 1024

    let file: any Source
    let header: QCOW2Header

    /// Gives the entries to `body`, in order, until it returns false.
    ///
    /// Throws if an entry is invalid, or the list exceeds qemu's limits.
    func forEach(_ body: (QCOW2Snapshot) -> Bool) throws(ImageError) {
        let count = header.snapshotCount
        guard count <= Self.maximumCount else {
            throw ImageError(
                .limit, "nb_snapshots at 60 is \(count), expected \(Self.maximumCount) at most")
        }
        if count > 0 {
            try QCOW2Header.requireAlignment(
                "snapshots_offset at 64", header.snapshotOffset, header.clusterSize)
        }
        var reader = WindowReader(file)
        var offset = header.snapshotOffset
        for number in 0..<count {
            guard offset - header.snapshotOffset < Self.maximumSize else {
                throw ImageError(
                    .limit, "the first \(number + 1) snapshots take more than \(Self.maximumSize) bytes")
            }
            guard body(try Self.snapshot(&reader, &offset)) else { return }
        }
    }

    /// Reads the entry at `offset`, and moves `offset` to the next one.
    private static func snapshot(
        _ reader: inout WindowReader, _ offset: inout UInt64
    ) throws(ImageError) -> QCOW2Snapshot {
        let fixed = try reader.fields("snapshot", at: offset, count: 40)
        let idCount = Int(try fixed.big("id length", at: 12, as: UInt16.self))
        let nameCount = Int(try fixed.big("name length", at: 14, as: UInt16.self))
        let extraCount: UInt32 = try fixed.big("extra length", at: 36)
        try fixed.require("extra length", extraCount, in: 0...maximumExtra, at: 36)
        let start = 40 + Int(extraCount)
        let count = start + idCount + nameCount
        let fields = try reader.fields("snapshot", at: offset, count: count)
        func extra(_ name: StaticString, at index: Int) throws(ImageError) -> UInt64? {
            Int(extraCount) >= index + 8 ? try fields.big(name, at: 40 + index) : nil
        }
        let stateSize = UInt64(try fields.big("state size", at: 32, as: UInt32.self))
        let snapshot = QCOW2Snapshot(
            id: try fields.slice("id", at: start, count: idCount),
            name: try fields.slice("name", at: start + idCount, count: nameCount),
            l1: QCOW2L1Fields(
                offset: try fields.big("l1_table_offset", at: 0), count: try fields.big("l1_size", at: 8)),
            diskSize: try extra("disk size", at: 8),
            stateSize: try extra("state size", at: 0) ?? stateSize,
            date: (
                seconds: try fields.big("date", at: 16), nanoseconds: try fields.big("date", at: 20)
            ),
            clock: try fields.big("clock", at: 24),
            instructions: try extra("instructions", at: 16).flatMap { $0 == .max ? nil : $0 })
        offset += UInt64((count + 7) & ~7)
        return snapshot
    }

    /// The snapshot whose ID is `wanted`, or else the first whose name is `wanted`.
    ///
    /// Throws `unsupported` if there is none.
    func find(_ wanted: String) throws(ImageError) -> QCOW2Snapshot {
        var byID: QCOW2Snapshot?
        var byName: QCOW2Snapshot?
        try forEach { snapshot in
            if snapshot.id.elementsEqual(wanted.utf8) { byID = snapshot }
            if snapshot.name.elementsEqual(wanted.utf8), byName == nil { byName = snapshot }
            return byID == nil
        }
        guard let found = byID ?? byName else {
            throw ImageError(
                .unsupported,
                "there is no snapshot \"\(printable(wanted))\" among the \(header.snapshotCount) of the "
                    + "image; vitrine info lists them")
        }
        return found
    }

    /// The first snapshots, at most `limit`, shortened.
    func first(_ limit: Int) throws(ImageError) -> [QCOW2Snapshot] {
        var found: [QCOW2Snapshot] = []
        guard limit > 0 else { return found }
        try forEach { snapshot in
            // Long IDs and names are not kept: they may take tens of MiB in all.
            found.append(snapshot.shortened)
            return found.count < limit
        }
        return found
    }
}
