/// How the tables of an image say where its clusters are: two levels, of which the entries of the first, L1, say where
/// tables of the second, L2, are.
///
/// VMDK calls clusters grains, L1 the grain directory, and the tables of L2 grain tables.
protocol ClusterLayout: Sendable {
    /// What errors call the format.
    var formatName: String { get }

    /// What errors call the parts of an image.
    var terms: ClusterTerms { get }

    /// What the tables consist of.
    var word: TableWord { get }

    /// log2 of the words that an entry of an L2 table has: 0 or 1.
    var entryWordBits: UInt64 { get }

    /// log2 of the size of a cluster in bytes.
    var clusterBits: UInt64 { get }

    /// log2 of the entries of an L2 table.
    var l2Bits: UInt64 { get }

    /// log2 of the size in bytes of what an entry tells apart: a cluster, or a part of one.
    var unitBits: UInt64 { get }

    /// Where the L2 table is, in bytes, that `entry` of an L1 table names; nil where there is none.
    ///
    /// Throws `corrupt` where the entry makes no sense; the caller says where it stands.
    func table(_ entry: UInt64) throws(ImageError) -> UInt64?

    /// What lies at `position` of the disk, whose L2 entry is `entry`, with `second` behind it where entries have two words.
    ///
    /// Throws `corrupt` where the entry makes no sense; the caller says where it stands.
    func content(at position: UInt64, _ entry: UInt64, _ second: UInt64) throws(ImageError) -> ClusterContent

    /// How many clusters of which kind `slice` tells of before `end` of the disk, where the file that holds the data has
    /// `dataSize` bytes.
    ///
    /// The same for all of them, and asked of each, so that every layout has code of its own for it: an entry takes a few
    /// nanoseconds then, and more than a hundred through this protocol.
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

    /// log2 of the bytes of the disk that one L2 table tells of.
    var coverageBits: UInt64 { clusterBits + l2Bits }

    /// How many entries of L1 a disk of `size` bytes takes.
    func l1Count(_ size: UInt64) -> UInt64 { size == 0 ? 0 : (size - 1) >> coverageBits + 1 }

    /// Whether `entry` of an L1 table says that there is no L2 table.
    func isEmpty(_ entry: UInt64) -> Bool {
        do throws(ImageError) {
            return try table(entry) == nil
        } catch {
            return false
        }
    }
}
