/// The threads that decode, and the memory they may fill.
///
/// One engine serves a whole process. All images opened with it share its cache.
public final class Engine: Sendable {
    /// The memory budget by default: 256 MiB.
    public static let defaultMemory = 256 << 20

    /// The least memory that decoding needs: 16 MiB.
    public static let minimumMemory = 16 << 20

    /// The engine of images that are opened without naming one.
    public static let shared = Engine()

    /// The most that decoded data and decoders may hold together, in bytes.
    public var memory: Int { cache.budget }

    package let workers: Workers
    package let cache: DecodedCache

    /// Creates an engine with a budget of `memory` bytes, at least `minimumMemory`, and `threads` threads at work; by
    /// default, one for each core.
    public init(memory: Int = Engine.defaultMemory, threads: Int? = nil) {
        workers = Workers(count: threads ?? Workers.cores)
        cache = DecodedCache(budget: max(memory, Engine.minimumMemory), workers: workers)
    }
}
