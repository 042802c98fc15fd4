import CExtReader
import VitrineFormats

/// Asks the process that reads an ext2, ext3 or ext4, and gives it the bytes that it wants: see CExtReader.h.
///
/// What comes back is checked here as far as it is a frame; what is in the frames, by those who ask.
final class ExtReader {
    private let source: any Source
    private let channel: any ReaderChannel

    /// The most bytes that are given at once.
    private static let maximumRead: UInt64 = 1 << 20

    /// The most parts of the file system, and of a result, for one question. A directory of a million names takes some 1000.
    private static let maximumReads = 4 << 20
    private static let maximumFrame = 64 << 10

    /// A reader of the file system in `source` at the other end of `channel`.
    init(_ source: any Source, _ channel: any ReaderChannel) {
        self.source = source
        self.channel = channel
    }

    /// True if nothing can be asked any more.
    var isLost: Bool { broken != nil || channel.isLost }

    /// The reason that nothing more is asked: what came back made no sense, so that its end cannot be told.
    private var broken: ImageError?

    /// The result of the request `kind`, of no more than `limit` bytes.
    ///
    /// Throws the error of a part of the file system that could not be read, or what the reader says.
    func result(
        _ kind: vitrine_request_kind, _ argument: UInt64, _ name: SystemString = "", limit: Int
    ) throws(ImageError) -> [UInt8] {
        if let broken { throw broken }
        var request = ByteWriter()
        request.append(UInt32(kind.rawValue))
        request.append(UInt32(name.bytes.count))
        request.append(argument)
        request.append(name.bytes)
        try channel.send(request.bytes)
        var result: [UInt8] = []
        var isTooLong = false
        var unreadable: ImageError?
        for _ in 0..<Self.maximumReads {
            let head = Fields(try channel.receive(8), at: 0)
            let kind: UInt32 = try head.little("kind of frame", at: 0)
            let length: UInt32 = try head.little("length of frame", at: 4)
            guard length <= Self.maximumFrame else { throw nonsense("a frame of \(length) bytes") }
            let content = length == 0 ? [] : try channel.receive(Int(length))
            switch kind {
            case VITRINE_PART.rawValue:
                // The rest of the result must be taken nevertheless, or it would be that of the next request.
                isTooLong = isTooLong || content.count > limit - result.count
                if !isTooLong { result += content }
            case VITRINE_END.rawValue:
                guard content.isEmpty else { throw unreadable ?? ImageError(.corrupt, printable(content)) }
                guard !isTooLong else {
                    throw ImageError(.limit, "it takes more than \(byteCount(UInt64(limit))) to describe")
                }
                return result
            case VITRINE_WANTED.rawValue:
                guard content.count == 16 else { throw nonsense("a range of \(content.count) bytes") }
                let range = Fields(content, at: 0)
                let failure = try give(
                    range.little("offset wanted", at: 0), range.little("count wanted", at: 8))
                unreadable = unreadable ?? failure
            default:
                throw nonsense("a frame of the kind \(kind)")
            }
        }
        throw nonsense("\(Self.maximumReads) frames for one question")
    }

    /// Sends the `count` bytes from `offset` on. Returns the reason that they cannot be read, if that is so.
    private func give(_ offset: UInt64, _ count: UInt64) throws(ImageError) -> ImageError? {
        guard count > 0, count <= Self.maximumRead else { throw nonsense("a read of \(count) bytes") }
        var answer = ByteWriter()
        var failure: ImageError?
        do throws(ImageError) {
            let bytes = try source.bytes(at: offset, count: Int(count))
            answer.append(UInt32(1))
            answer.append(bytes)
        } catch {
            answer.append(UInt32(0))
            failure = error
        }
        try channel.send(answer.bytes)
        return failure
    }

    private func nonsense(_ what: String) -> ImageError {
        let error = ImageError(
            .corrupt, "the reader of the file system sent \(what): it is damaged, or means harm")
        broken = error
        return error
    }
}
