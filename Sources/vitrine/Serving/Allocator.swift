import CLinux

/// Settings of the C library's allocator, for a process that keeps to a memory limit.
enum Allocator {
    /// Has large blocks go back to the system when they are freed.
    ///
    /// By default glibc raises the size from which it maps blocks by themselves to the largest one it
    /// has freed; pieces of decoded data then come from arenas, one for each thread, which keep what
    /// other threads free: with a cache of 256 MiB the process grew to twice that.
    static func returnLargeBlocks() {
        vitrine_tune_malloc(128 << 10, 2)
    }
}
