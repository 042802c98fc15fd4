import NIOCore
import VitrineFormats

/// The reply to one block status request: a chunk for each context.
enum StatusReply {
    /// The most descriptors one reply has, in all its chunks; a client asks again for the rest.
    private static let maximumDescriptors = 8192

    /// After this time, in nanoseconds, a reply says what is known by then: finding out may take long where a disk
    /// is made of very small pieces.
    private static let patience: UInt64 = 250_000_000

    /// Where others wait meanwhile it may take this long, in nanoseconds.
    private static let patienceNow: UInt64 = 1_000_000

    /// How much of the disk a source is asked about at once, in bytes, at first and at most.
    private static let minimumReach: UInt64 = 1 << 20
    private static let maximumReach: UInt64 = 256 << 20
    /// Likewise where others wait meanwhile: looking at the smallest clusters takes a millisecond.
    private static let maximumReachNow: UInt64 = 32 << 20

    /// Appends to `output` what `contexts`, one at least, say of the start of the request's range in `source`.
    ///
    /// Returns the error that the reply reports, if it reports one.
    static func write(
        _ request: Request, onlyFirst: Bool, _ contexts: [MetaContext], _ replies: ReplyWriter,
        from source: any Source, to output: inout ByteBuffer
    ) -> ImageError? {
        let start = output.writerIndex
        let maximum = descriptorsEach(onlyFirst, contexts)
        let deadline = monotonicTime() + patience
        do throws(ImageError) {
            for (number, context) in contexts.enumerated() {
                let descriptors =
                    try descriptors(context, of: source, request.range, atMost: maximum, until: deadline)
                    ?? []
                replies.blockStatus(
                    request.cookie, context.id, descriptors, isLast: number == contexts.count - 1, &output)
            }
            return nil
        } catch {
            output.moveWriterIndex(to: start)
            replies.failure(request.cookie, NBD.ErrorCode(error), error.description, &output)
            return error
        }
    }

    /// Does what `write` does, if that takes neither waiting nor long, and nothing fails.
    ///
    /// Returns false where it does, with nothing appended. For an event loop.
    static func writeNow(
        _ request: Request, onlyFirst: Bool, _ contexts: [MetaContext], _ replies: ReplyWriter,
        from source: any Source, to output: inout ByteBuffer
    ) -> Bool {
        let start = output.writerIndex
        let maximum = descriptorsEach(onlyFirst, contexts)
        let deadline = monotonicTime() + patienceNow
        for (number, context) in contexts.enumerated() {
            let descriptors = try? descriptors(
                context, of: source, request.range, atMost: maximum, until: deadline, mayWait: false)
            guard let descriptors else {
                output.moveWriterIndex(to: start)
                return false
            }
            replies.blockStatus(
                request.cookie, context.id, descriptors, isLast: number == contexts.count - 1, &output)
        }
        return true
    }

    private static func descriptorsEach(_ onlyFirst: Bool, _ contexts: [MetaContext]) -> Int {
        onlyFirst ? 1 : max(1, maximumDescriptors / max(1, contexts.count))
    }

    /// Neighbours that differ, from the start of `range` on: one at least; what is known by `deadline`.
    ///
    /// Where `mayWait` is false, nil unless all is known by then, and that without waiting. What cannot be found out is an error only at the start of `range`, where the client asks next otherwise.
    static func descriptors(
        _ context: MetaContext, of source: any Source, _ range: Range<UInt64>, atMost maximum: Int,
        until deadline: UInt64, mayWait: Bool = true
    ) throws(ImageError) -> [StatusDescriptor]? {
        var descriptors: [StatusDescriptor] = []
        var position = range.lowerBound
        // A source looks at all that it is asked about, even where its answer is about little of that. So it is asked
        // about twice as much as it said the last time, and all answers together take no more than the range does.
        var reach = minimumReach
        while position < range.upperBound {
            let asked = position..<position + min(reach, range.upperBound - position)
            let next: StatusDescriptor?
            do throws(ImageError) {
                next = try context.status(of: source, in: asked, mayWait: mayWait)
            } catch {
                guard descriptors.isEmpty else { break }
                throw error
            }
            guard let next else { return nil }
            if let last = descriptors.last, last.flags == next.flags {
                // Both lie in the range, which is shorter than 4 GiB.
                descriptors[descriptors.count - 1].length += next.length
            } else if descriptors.count == maximum {
                break
            } else {
                descriptors.append(next)
            }
            position += UInt64(next.length)
            reach = min(
                max(2 * UInt64(next.length), minimumReach), mayWait ? maximumReach : maximumReachNow)
            guard monotonicTime() < deadline else {
                if mayWait || position == range.upperBound { break }
                return nil
            }
        }
        return descriptors
    }
}
