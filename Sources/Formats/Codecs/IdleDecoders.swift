import Synchronization

/// Decoders that are not at work, for whoever decodes next: one is not made anew for each cluster.
final class IdleDecoders<Decoder: AnyObject & Sendable>: Sendable {
    private static var maximum: Int { 64 }

    private let make: @Sendable () -> Decoder?
    private let idle = Mutex<[Decoder]>([])

    /// Where none is idle, `make` makes one, or nil where there is no memory left for it.
    init(_ make: @escaping @Sendable () -> Decoder?) {
        self.make = make
    }

    /// What `body` does with a decoder that nobody else uses at the same time.
    func withOne<Result>(
        _ body: (Decoder) throws(ImageError) -> Result
    ) throws(ImageError) -> Result {
        guard let decoder = idle.withLock({ $0.popLast() }) ?? make() else {
            throw ImageError(.limit, "there is no memory left to decode with")
        }
        defer { idle.withLock { if $0.count < Self.maximum { $0.append(decoder) } } }
        return try body(decoder)
    }
}
