import NIOCore
import VitrineFormats

/// The reply to one block status request: a chunk for each context.
enum StatusReply {
    /// The most descriptors in one reply, in all its chunks. A client asks again for the rest.
    private static let maximumDescriptors = 8192

    /// The time in nanoseconds after which a reply says what is known by then: finding out more may take long if a disk is made of
    /// very small pieces.
    private static let patience: UInt64 = 250_000_000

    /// The same time, in nanoseconds, if others wait meanwhile.
    private static let patienceNow: UInt64 = 1_000_000

    /// The bytes of the disk that a source is asked about at once, at first and at most.
    private static let minimumReach: UInt64 = 1 << 20
    private static let maximumReach: UInt64 = 256 << 20
    /// The most bytes if others wait meanwhile: looking at that many in the smallest clusters takes a millisecond.
    private static let maximumReachNow: UInt64 = 32 << 20

    /// Appends to `output` what `contexts`, one at least, say from the start of the request's range in `source`.
    ///
    /// Returns the error that the reply reports. Nil if it reports none.
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

    /// Does the same as `write`, if that means no waiting, takes little time, and does not fail. For an event loop.
    ///
    /// Returns false, with nothing appended, otherwise.
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

    /// The descriptors from the start of `range` on, one at least. Neighbours differ. It ends with what is known by `deadline`.
    ///
    /// If `mayWait` is false, nil unless everything is known by then without waiting. An error is thrown only if it occurs at the start
    /// of `range`; before a later one the descriptors end, and the client asks there next.
    static func descriptors(
        _ context: MetaContext, of source: any Source, _ range: Range<UInt64>, atMost maximum: Int,
        until deadline: UInt64, mayWait: Bool = true
    ) throws(ImageError) -> [StatusDescriptor]? {
        var descriptors: [StatusDescriptor] = []
        var position = range.lowerBound
        // A source looks at all that it is asked about, even if its answer covers little of it. So it is asked about twice as much
        // as it answered the last time, and all answers together take no more than the range does.
        var reach = minimumReach
        while position < range.upperBound {
            let asked = position..<position + min(reach, range.upperBound - position)
            let next: StatusDescriptor?
            do throws(ImageError) {
                next = try context.descriptor(of: source, in: asked, mayWait: mayWait)
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
