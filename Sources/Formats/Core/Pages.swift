import Glibc

/// Memory straight from the operating system: all zeroes at first, taken page by page as it is touched, and given back whole at
/// its end.
///
/// It is for the few large buffers of decoders. malloc's threshold for mapping rises with what is freed, so through it they would
/// leave holes in its heap, which count as memory of the process.
///
/// @unchecked Sendable: the owner decides what is done with the memory.
/// @safe: the pointer lives as long as this does.
@safe final class Pages: @unchecked Sendable {
    let start: UnsafeMutablePointer<UInt8>
    /// The length in bytes.
    let count: Int

    /// The mapping: the memory, between two pages that cannot be touched. A mistake in a decoder ends the process there, and never
    /// writes elsewhere.
    private let mapping: UnsafeMutableRawPointer
    private let mappingSize: Int

    /// `count` bytes of zeroes, at least 1.
    ///
    /// Throws `limit` if the system has no memory left to give.
    init(count: Int) throws(ImageError) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let size = (count + page - 1) / page * page
        let mapped = unsafe mmap(nil, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard unsafe mapped != MAP_FAILED, let mapping = unsafe mapped else {
            throw ImageError(.limit, "the system gives no \(count) bytes of memory: \(systemMessage(errno))")
        }
        guard unsafe mprotect(mapping + page, size, PROT_READ | PROT_WRITE) == 0 else {
            let reason = systemMessage(errno)
            unsafe munmap(mapping, size + 2 * page)
            throw ImageError(.limit, "the system gives no \(count) bytes of memory: \(reason)")
        }
        // Decoders touch all of it, in any order: large pages save most of the page faults and address look-ups. If the system
        // has none to give, nothing is lost.
        unsafe madvise(mapping + page, size, Int32(MADV_HUGEPAGE))
        unsafe self.mapping = mapping
        mappingSize = size + 2 * page
        unsafe start = (mapping + page).bindMemory(to: UInt8.self, capacity: count)
        self.count = count
    }

    deinit {
        unsafe munmap(mapping, mappingSize)
    }
}
