import Glibc

/// Memory straight from the operating system: all zeroes at first, taken page by page as it is touched,
/// and given back whole at its end.
///
/// For the few large buffers of decoders. Through malloc, whose threshold for mapping rises with what is freed,
/// they would leave holes in its heap that count as memory of the process.
///
/// @unchecked Sendable: what is done with the memory is its owner's affair.
/// @safe: the pointer lives as long as this does.
@safe final class Pages: @unchecked Sendable {
    let start: UnsafeMutablePointer<UInt8>
    /// The length in bytes.
    let count: Int

    /// `count` bytes of zeroes, at least 1.
    ///
    /// Throws `limit` where the system has no memory left to give.
    init(count: Int) throws(ImageError) {
        let address = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard unsafe address != MAP_FAILED, let address = unsafe address else {
            throw ImageError(.limit, "the system gives no \(count) bytes of memory: \(systemMessage(errno))")
        }
        unsafe start = address.bindMemory(to: UInt8.self, capacity: count)
        self.count = count
    }

    deinit {
        unsafe munmap(start, count)
    }
}
