/// The layout of the tables that locate an image's clusters. There are two levels: entries of the first, L1, locate
/// tables of the second, L2, whose entries locate clusters.
///
/// VMDK calls clusters grains, L1 the grain directory, and L2 tables grain tables.
protocol ClusterLayout: Sendable {
    /// The name of the format in errors.
    var formatName: String { get }

    /// The names of the parts of an image in errors.
    var terms: ClusterTerms { get }

    /// The integers that the tables consist of.
    var word: TableWord { get }

    /// log2 of the words in an entry of an L2 table: 0 or 1.
    var entryWordBits: UInt64 { get }

    /// log2 of the size of a cluster in bytes.
    var clusterBits: UInt64 { get }

    /// log2 of the entries of an L2 table.
    var l2Bits: UInt64 { get }

    /// log2 of the size in bytes of the smallest part that an entry tells apart: a cluster, or a part of one.
    var unitBits: UInt64 { get }

    /// The offset in bytes of the L2 table that `entry` of an L1 table names. Nil if the entry names none.
    ///
    /// Throws `corrupt` if the entry is invalid. The caller adds the entry's offset.
    func table(_ entry: UInt64) throws(ImageError) -> UInt64?

    /// The content at `position` of the disk. `entry` is its L2 entry; `second` is the second word, if entries have
    /// two.
    ///
    /// Throws `corrupt` if the entry is invalid. The caller adds the entry's offset.
    func content(at position: UInt64, _ entry: UInt64, _ second: UInt64) throws(ImageError) -> ClusterContent

    /// Counts the clusters of each kind in `slice` before `end` of the disk. `dataSize` is the size in bytes of the
    /// file that holds the data.
    ///
    /// All layouts share one implementation. It is still a requirement, so that each layout has specialized code: an
    /// entry then takes a few nanoseconds, and through this protocol more than a hundred.
    func count(_ slice: L2Slice, before end: UInt64, in dataSize: UInt64) -> ClusterCount
}

extension ClusterLayout {
    var entryWordBits: UInt64 { 0 }

    var unitBits: UInt64 { clusterBits }

    var clusterSize: UInt64 { 1 << clusterBits }

    /// log2 of the size of an entry of an L2 table in bytes.
    var entryBits: UInt64 { entryWordBits + word.bits }

    /// log2 of the size of an L2 table in bytes.
    var tableBits: UInt64 { l2Bits + entryBits }

    /// log2 of the bytes of the disk that one L2 table covers.
    var coverageBits: UInt64 { clusterBits + l2Bits }

    /// The number of L1 entries for a disk of `size` bytes.
    func l1Count(_ size: UInt64) -> UInt64 { size == 0 ? 0 : (size - 1) >> coverageBits + 1 }

    /// True if `entry` of an L1 table names no L2 table.
    func isEmpty(_ entry: UInt64) -> Bool {
        do throws(ImageError) {
            return try table(entry) == nil
        } catch {
            return false
        }
    }
}
