import CLinux
import Glibc
import VitrineFormats

/// A block device that a disk is copied to. Zeroes are written, because what it held must go. The device is asked to do that by
/// itself if it can.
final class DeviceTarget: CopyTarget {
    private let file: WritableFile

    let isInOrder = false
    let zeroGranularity: Int? = 64 << 10

    private static let zeroes = [UInt8](repeating: 0, count: 1 << 20)
    /// The ranges that the device is asked to zero start and end at multiples of this many bytes, whatever its sectors.
    private static let alignment: UInt64 = 4 << 10

    /// Writes a disk of `size` bytes to `file`, which holds `capacity` bytes.
    ///
    /// Throws if there is not enough room.
    init(_ file: WritableFile, capacity: UInt64, size: UInt64) throws(CommandError) {
        guard size <= capacity else {
            throw CommandError("\(file.name) holds \(capacity) bytes, but the disk has \(size)")
        }
        self.file = file
    }

    func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: UInt64) throws(CommandError) {
        try file.write(bytes, range, at: offset)
    }

    func writeZeroes(_ range: Range<UInt64>) throws(CommandError) {
        // Rounded up by subtraction, so that it cannot overflow.
        let excess = range.lowerBound % Self.alignment
        let start = excess == 0 ? 0 : Self.alignment - excess
        let count = range.upperBound - range.lowerBound
        let middle = start < count ? (count - start) / Self.alignment * Self.alignment : 0
        let aligned = range.lowerBound + start..<range.lowerBound + start + middle
        guard
            middle > 0,
            vitrine_zero_block_device(file.descriptor, aligned.lowerBound, middle) == 0
        else { return try writeBytes(range) }
        try writeBytes(range.lowerBound..<aligned.lowerBound)
        try writeBytes(aligned.upperBound..<range.upperBound)
    }

    private func writeBytes(_ range: Range<UInt64>) throws(CommandError) {
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(range.upperBound - position, UInt64(Self.zeroes.count)))
            try file.write(Self.zeroes, 0..<count, at: position)
            position += UInt64(count)
        }
    }

    func finish() throws(CommandError) {
        // What the device could not write is an error of this call, and of no other.
        try file.sync()
    }

    func abandon() {}
}
