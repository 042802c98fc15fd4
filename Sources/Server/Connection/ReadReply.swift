import NIOCore
import VitrineFormats

/// The reply to one read, made in steps: each adds at most `pieceSize` bytes of data, or a lower limit, so that a large read takes
/// no more memory than a small one.
///
/// With structured replies each step is a chunk, and other replies may come between two chunks. A simple reply is undivided:
/// nothing may come between its parts, and an error after its first step can no longer be reported.
struct ReadReply: Sendable {
    /// The most bytes of data that one step adds.
    static let pieceSize: UInt64 = 256 << 10

    /// The shortest read, in bytes, that is searched for holes. Zeroes of shorter ones are sent faster than found.
    private static let holesFrom: UInt64 = 64 << 10

    /// The result of a step.
    enum Outcome: Equatable {
        /// There are more steps to do.
        case more
        /// The reply is whole.
        case done
        /// The next step must wait for the disk or for decoding. Nothing was done.
        case mustWait
        /// The reply is whole, and reports this error.
        case failed(ImageError)
        /// The reply is not whole, and cannot be: the connection must be closed.
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

    /// True if some of it is written, and the rest must follow at once.
    var isUnbroken: Bool { !replies.isStructured && position > request.range.lowerBound }

    /// Takes the next step: appends to `output` the next data of `source`, at most `limit` bytes.
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

    /// Appends the next piece of an undivided reply. Returns false if that means waiting.
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

    /// Appends the next chunk. Returns false if that means waiting.
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
    /// The protocol's code for an error of the image.
    init(_ error: ImageError) {
        switch error.code {
        case .outOfRange: self = .invalid
        case .refused: self = .notPermitted
        case .corrupt, .unsupported, .limit, .io: self = .io
        }
    }
}
