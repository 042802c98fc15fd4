import CLinux

/// Settings of the C library's allocator, for a process that keeps to a memory limit.
enum Allocator {
    /// Has all threads take memory from one arena.
    ///
    /// By default glibc gives each thread its own. Decoded data is taken by one thread and freed by
    /// another, so arenas grew while others lay fallow: to 550 MiB with a cache of 256 MiB, against 300 MiB
    /// from one arena. Mapping every piece by itself saves 30 MiB more, for 13 % of the CPU time.
    static func useOneArena() {
        vitrine_limit_arenas(1)
    }
}
