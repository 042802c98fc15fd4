import NIOCore
import VitrineFormats

/// The reply to one block status request.
enum StatusReply {
    /// The most extents one reply tells of; a client asks again for the rest.
    private static let maximumExtents = 8192

    /// Appends to `output` the extents of `source` at the start of the request's range.
    ///
    /// Returns the error that the reply reports, if it reports one.
    static func write(
        _ request: Request, onlyFirst: Bool, _ contexts: [MetaContext], _ replies: ReplyWriter,
        from source: any Source, to output: inout ByteBuffer
    ) -> ImageError? {
        do throws(ImageError) {
            let extents = try extents(of: source, request.range, atMost: onlyFirst ? 1 : maximumExtents)
            for context in contexts {
                replies.blockStatus(
                    request.cookie, context, extents, isLast: context == contexts.last, &output)
            }
            return nil
        } catch {
            replies.failure(request.cookie, NBD.ErrorCode(error), error.description, &output)
            return error
        }
    }

    /// Neighbours that differ in kind, from the start of `range` on.
    static func extents(
        of source: any Source, _ range: Range<UInt64>, atMost maximum: Int
    ) throws(ImageError) -> [Extent] {
        var extents: [Extent] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let next = try source.extent(in: position..<range.upperBound)
            if let last = extents.last, last.kind == next.kind {
                extents[extents.count - 1].range = last.range.lowerBound..<next.range.upperBound
            } else if extents.count == maximum {
                break
            } else {
                extents.append(next)
            }
            position = next.range.upperBound
        }
        return extents
    }
}
