import NIOCore
import VitrineFormats

/// The reply to one read, made step by step: each adds at most `pieceSize` bytes of data, or less, so that a
/// large read takes no more memory than a small one.
///
/// With structured replies each step is a chunk, and other replies may come between two of them. A
/// simple reply is all one: nothing may come between, and an error after its first step cannot be
/// reported any more.
struct ReadReply: Sendable {
    /// The most data that one step adds, in bytes.
    static let pieceSize: UInt64 = 256 << 10

    /// Shorter reads are not searched for holes: their zeroes are quicker sent than looked for.
    private static let holesFrom: UInt64 = 64 << 10

    /// What a step came to.
    enum Outcome: Equatable {
        /// There are more steps to do.
        case more
        /// The reply is whole.
        case done
        /// The next step takes disk or decoding; nothing was done.
        case mustWait
        /// The reply is whole, and reports this error.
        case failed(ImageError)
        /// The reply is not whole, and cannot be: the connection has to be closed.
        case broken(ImageError)
    }

    let request: Request
    private let replies: ReplyWriter
    private let mayFragment: Bool
    private var position: UInt64

    init(_ request: Request, _ replies: ReplyWriter, mayFragment: Bool) {
        self.request = request
        self.replies = replies
        self.mayFragment = mayFragment
        position = request.range.lowerBound
    }

    /// Whether some of it is written and the rest has to follow at once.
    var isUnbroken: Bool { !replies.isStructured && position > request.range.lowerBound }

    /// Does the next step: appends to `output` what of `source` comes next, at most `limit` bytes of data.
    mutating func step(
        from source: any Source, to output: inout ByteBuffer, mayWait: Bool, limit: UInt64 = pieceSize
    ) -> Outcome {
        let start = output.writerIndex
        do throws(ImageError) {
            let isDone =
                mayFragment
                ? try chunk(from: source, to: &output, mayWait, limit)
                : try piece(from: source, to: &output, mayWait, limit)
            guard isDone else {
                output.moveWriterIndex(to: start)
                return .mustWait
            }
            return position == request.range.upperBound ? .done : .more
        } catch {
            output.moveWriterIndex(to: start)
            guard !isUnbroken else { return .broken(error) }
            replies.failure(
                request.cookie, NBD.ErrorCode(error), error.description, at: position, &output)
            return .failed(error)
        }
    }

    /// The next piece of a reply that is all one; false where that means waiting.
    private mutating func piece(
        from source: any Source, to output: inout ByteBuffer, _ mayWait: Bool, _ limit: UInt64
    ) throws(ImageError) -> Bool {
        let end = request.range.upperBound
        if replies.isStructured {
            replies.dataChunk(request.cookie, at: position, count: Int(end - position), isLast: true, &output)
        } else if position == request.range.lowerBound {
            replies.simpleData(request.cookie, &output)
        }
        let count = min(end - position, limit)
        guard try output.append(Int(count), of: source, at: position, mayWait: mayWait) else { return false }
        position += count
        return true
    }

    /// The next chunk; false where that means waiting.
    private mutating func chunk(
        from source: any Source, to output: inout ByteBuffer, _ mayWait: Bool, _ limit: UInt64
    ) throws(ImageError) -> Bool {
        let end = request.range.upperBound
        var piece = Extent(position..<end, .data)
        if end - position >= Self.holesFrom {
            guard let extent = try source.extent(in: position..<end, mayWait: mayWait) else { return false }
            piece = extent
        }
        switch piece.kind {
        case .zero, .hole:
            let isLast = piece.range.upperBound == end
            replies.holeChunk(request.cookie, piece.range, isLast: isLast, &output)
            position = piece.range.upperBound
        case .data:
            let count = min(piece.range.upperBound - position, limit)
            let isLast = position + count == end
            replies.dataChunk(request.cookie, at: position, count: Int(count), isLast: isLast, &output)
            guard try output.append(Int(count), of: source, at: position, mayWait: mayWait) else {
                return false
            }
            position += count
        }
        return true
    }
}

extension NBD.ErrorCode {
    /// What the protocol calls an error of the image.
    init(_ error: ImageError) {
        switch error.code {
        case .outOfRange: self = .invalid
        case .refused: self = .notPermitted
        case .corrupt, .unsupported, .limit, .io: self = .io
        }
    }
}
