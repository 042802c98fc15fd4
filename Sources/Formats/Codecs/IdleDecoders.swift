import Synchronization

/// Decoders that are not at work, kept for the next use, so that not every cluster needs a new one.
final class IdleDecoders<Decoder: AnyObject & Sendable>: Sendable {
    private static var maximum: Int { 64 }

    private let make: @Sendable () -> Decoder?
    private let idle = Mutex<[Decoder]>([])

    /// `make` makes a decoder if none is idle. It returns nil if there is no memory left for one.
    init(_ make: @escaping @Sendable () -> Decoder?) {
        self.make = make
    }

    /// Runs `body` with a decoder that nobody else uses at the same time. Returns its result.
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
