/// The memory with which the extents of one disk locate their grains: all together may take as much as a single one
/// may.
struct ExtentTables {
    private var entries = 0
    private var made: UInt64 = 0

    /// Counts the tables of `extent`. Throws `limit` if they are too many.
    mutating func add(_ extent: SparseExtent) throws(ImageError) {
        entries += extent.directory.entries.count
        guard entries <= Int(SparseExtentHeader.maximumDirectory) else {
            throw ImageError(
                .limit,
                "the grain directories of the extents have more than \(SparseExtentHeader.maximumDirectory) entries together"
            )
        }
        made += extent.madeTables
        guard made <= GrainScan.maximumTables else {
            throw ImageError(
                .limit,
                "the grains found in all extents need more than \(GrainScan.maximumTables) bytes of tables")
        }
    }
}
