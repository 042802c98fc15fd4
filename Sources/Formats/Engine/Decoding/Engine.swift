/// What decoding works with: the threads, and the memory they may fill.
///
/// One serves a whole process; every image opened with it shares its cache.
public final class Engine: Sendable {
    /// The memory budget where none is given: 256 MiB.
    public static let defaultMemory = 256 << 20

    /// The least memory that decoding can do with: 16 MiB.
    public static let minimumMemory = 16 << 20

    /// The engine of images that are opened without naming one.
    public static let shared = Engine()

    /// The most that decoded data and decoders may hold together, in bytes.
    public var memory: Int { cache.budget }

    package let workers: Workers
    package let cache: DecodedCache

    /// An engine that keeps to `memory` bytes, at least `minimumMemory`, and has `threads`
    /// threads at work; by default, one for each core.
    public init(memory: Int = Engine.defaultMemory, threads: Int? = nil) {
        workers = Workers(count: threads ?? Workers.cores)
        cache = DecodedCache(budget: max(memory, Engine.minimumMemory), workers: workers)
    }
}
