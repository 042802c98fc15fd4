import NIOCore
import VitrineFormats

/// The reply to one read, made step by step.
///
/// With structured replies, each step is a chunk of at most `pieceSize` bytes, so that a large
/// read takes no more memory than a small one. Otherwise the reply is one step, as whether it
/// is an error must be known before its first byte.
struct ReadReply: Sendable {
    /// The most data that goes into one chunk, in bytes.
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

    /// How many chunks' worth of data the next step holds in memory.
    var pieces: Int {
        let count = request.range.upperBound - request.range.lowerBound
        return mayFragment ? 1 : Int((count + Self.pieceSize - 1) / Self.pieceSize)
    }

    /// Does the next step: appends to `output` what of `source` comes next.
    mutating func step(from source: any Source, to output: inout ByteBuffer, mayWait: Bool) -> Outcome {
        let start = output.writerIndex
        do throws(ImageError) {
            guard mayFragment else {
                return try whole(from: source, to: &output, start, mayWait)
            }
            return try chunk(from: source, to: &output, start, mayWait)
        } catch {
            output.moveWriterIndex(to: start)
            replies.failure(
                request.cookie, NBD.ErrorCode(error), error.description, at: position, &output)
            return .failed(error)
        }
    }

    private func whole(
        from source: any Source, to output: inout ByteBuffer, _ start: Int, _ mayWait: Bool
    ) throws(ImageError) -> Outcome {
        let range = request.range
        let count = range.upperBound - range.lowerBound
        // A large reply would keep other clients waiting while it is put together.
        guard mayWait || count <= Self.pieceSize else { return .mustWait }
        if replies.isStructured {
            replies.dataChunk(
                request.cookie, at: range.lowerBound, count: Int(count), isLast: true, &output)
        } else {
            replies.simpleData(request.cookie, &output)
        }
        guard try output.append(Int(count), of: source, at: range.lowerBound, mayWait: mayWait) else {
            output.moveWriterIndex(to: start)
            return .mustWait
        }
        return .done
    }

    private mutating func chunk(
        from source: any Source, to output: inout ByteBuffer, _ start: Int, _ mayWait: Bool
    ) throws(ImageError) -> Outcome {
        let end = request.range.upperBound
        var piece = Extent(position..<end, .data)
        if end - position >= Self.holesFrom {
            if mayWait {
                piece = try source.extent(in: position..<end)
            } else if let extent = try source.extentNow(in: position..<end) {
                piece = extent
            } else {
                return .mustWait
            }
        }
        switch piece.kind {
        case .zero, .hole:
            let isLast = piece.range.upperBound == end
            replies.holeChunk(request.cookie, piece.range, isLast: isLast, &output)
            position = piece.range.upperBound
        case .data:
            let count = min(piece.range.upperBound - position, Self.pieceSize)
            let isLast = position + count == end
            replies.dataChunk(request.cookie, at: position, count: Int(count), isLast: isLast, &output)
            guard try output.append(Int(count), of: source, at: position, mayWait: mayWait) else {
                output.moveWriterIndex(to: start)
                return .mustWait
            }
            position += count
        }
        return position == end ? .done : .more
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
