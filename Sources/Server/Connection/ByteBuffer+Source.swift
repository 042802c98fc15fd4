import NIOCore
import VitrineFormats

extension ByteBuffer {
    /// Appends `count` bytes of `source` from `offset`, without a copy in between.
    ///
    /// Returns false, with nothing appended, if that would mean waiting and `mayWait` is false.
    /// Throws what the source throws, with nothing appended.
    mutating func append(
        _ count: Int, of source: any Source, at offset: UInt64, mayWait: Bool
    ) throws(ImageError) -> Bool {
        var outcome: Result<Bool, ImageError> = .success(false)
        unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: count) { memory in
            // The memory is the buffer's own, and has at least `count` bytes; the span does not
            // outlive the closure.
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
            var span = unsafe MutableSpan(_unsafeElements: target.bindMemory(to: UInt8.self))
            do throws(ImageError) {
                outcome = .success(try source.read(into: &span, at: offset, mayWait: mayWait))
            } catch {
                outcome = .failure(error)
            }
            if case .success(true) = outcome { return count }
            return 0
        }
        return try outcome.get()
    }
}
