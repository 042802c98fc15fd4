/// Which image of a chain says what a stretch of a disk holds.
package struct Allocation: Equatable, Sendable {
    /// Where it lies, in bytes from the start of the disk; never empty.
    package var range: Range<UInt64>

    /// 1 for the image itself, 2 for its backing file, and so on; 0 where no image of the chain says anything,
    /// and the stretch reads as zeroes. What lies past the end of a shorter backing file is that file's.
    ///
    /// These are the numbers of the NBD context `qemu:allocation-depth`, as qemu-nbd gives them.
    package var depth: Int

    /// A stretch over `range`.
    package init(_ range: Range<UInt64>, depth: Int) {
        self.range = range
        self.depth = depth
    }
}
