import Glibc
import VitrineFormats

/// A regular file that a disk is copied to; zeroes become holes in it.
final class FileTarget: CopyTarget {
    private let file: WritableFile
    /// The file's path, if this copy has made it. Nil for a file that was there before.
    private let newPath: SystemString?

    let isInOrder = false
    let zeroGranularity: Int? = 4 << 10

    /// Makes `file` a hole of `size` bytes, whatever it holds. `path` is given if it has just been made there.
    ///
    /// Throws, and removes a new file, if the file system has no files that large.
    init(_ file: WritableFile, size: UInt64, madeAt path: SystemString? = nil) throws(CommandError) {
        self.file = file
        newPath = path
        guard ftruncate(file.descriptor, 0) == 0, ftruncate(file.descriptor, off_t(size)) == 0 else {
            let reason = systemMessage(errno)
            abandon()
            throw CommandError("\(file.name): its size cannot be set to \(byteCount(size)): \(reason)")
        }
    }

    func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: UInt64) throws(CommandError) {
        try file.write(bytes, range, at: offset)
    }

    func writeZeroes(_ range: Range<UInt64>) throws(CommandError) {
        // The zeroes are there: the file started as one hole.
    }

    func finish() throws(CommandError) {
        // Some file systems, above all network ones, say only here that they had no room. The file itself is closed later, by
        // its owner.
        let copy = dup(file.descriptor)
        guard copy >= 0, close(copy) == 0 else { throw file.failure() }
    }

    func abandon() {
        if let newPath { unsafe unlink(newPath.terminated) }
    }
}
