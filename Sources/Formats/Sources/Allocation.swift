/// The image of a chain that says what a range of a disk holds.
package struct Allocation: Equatable, Sendable {
    /// The range, in bytes from the start of the disk; never empty.
    package var range: Range<UInt64>

    /// 1 for the image itself, 2 for its backing file, and so on; 0 if no image of the chain says anything, and the range reads as
    /// zeroes. The bytes past the end of a shorter backing file are that file's.
    ///
    /// These are the numbers of the NBD context `qemu:allocation-depth`, as qemu-nbd gives them.
    package var depth: Int

    /// An allocation of `range`.
    package init(_ range: Range<UInt64>, depth: Int) {
        self.range = range
        self.depth = depth
    }
}
