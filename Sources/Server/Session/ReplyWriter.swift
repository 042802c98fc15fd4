import NIOCore
import VitrineFormats

/// Writes the replies of the transmission phase in the form that was negotiated.
///
/// Source: doc/proto.md, "Simple reply message" and "Structured reply chunk message".
package struct ReplyWriter: Equatable, Sendable {
    /// Whether structured replies were negotiated.
    let isStructured: Bool

    /// That a request which has no data to return is done.
    func success(_ cookie: UInt64, _ output: inout ByteBuffer) {
        // For anything but reads, a simple reply is right whatever was negotiated.
        simpleHeader(cookie, 0, &output)
    }

    /// That a read of nothing is done.
    func emptyRead(_ cookie: UInt64, _ output: inout ByteBuffer) {
        if isStructured {
            chunkHeader(.none, cookie, length: 0, isLast: true, &output)
        } else {
            simpleHeader(cookie, 0, &output)
        }
    }

    /// That a request failed; `text` says why, `offset` where, in bytes from the start of the export.
    func failure(
        _ cookie: UInt64, _ code: NBD.ErrorCode, _ text: String, at offset: UInt64? = nil,
        _ output: inout ByteBuffer
    ) {
        guard isStructured else { return simpleHeader(cookie, code.rawValue, &output) }
        let text = text.utf8.prefix(NBD.maximumString)
        chunkHeader(
            offset == nil ? .error : .errorOffset, cookie,
            length: UInt32(4 + 2 + text.count + (offset == nil ? 0 : 8)), isLast: true, &output)
        output.writeInteger(code.rawValue)
        output.writeInteger(UInt16(text.count))
        output.writeBytes(text)
        if let offset { output.writeInteger(offset) }
    }

    /// What comes before the `count` bytes of a simple reply to a read.
    func simpleData(_ cookie: UInt64, _ output: inout ByteBuffer) {
        simpleHeader(cookie, 0, &output)
    }

    /// What comes before `count` bytes of data from `offset`.
    func dataChunk(
        _ cookie: UInt64, at offset: UInt64, count: Int, isLast: Bool, _ output: inout ByteBuffer
    ) {
        chunkHeader(.offsetData, cookie, length: UInt32(8 + count), isLast: isLast, &output)
        output.writeInteger(offset)
    }

    /// That `range` reads as zeroes.
    func holeChunk(_ cookie: UInt64, _ range: Range<UInt64>, isLast: Bool, _ output: inout ByteBuffer) {
        chunkHeader(.offsetHole, cookie, length: 12, isLast: isLast, &output)
        output.writeInteger(range.lowerBound)
        output.writeInteger(UInt32(range.upperBound - range.lowerBound))
    }

    /// What the metadata context `id` says from the start of a request on.
    func blockStatus(
        _ cookie: UInt64, _ id: UInt32, _ descriptors: [StatusDescriptor], isLast: Bool,
        _ output: inout ByteBuffer
    ) {
        chunkHeader(.blockStatus, cookie, length: UInt32(4 + 8 * descriptors.count), isLast: isLast, &output)
        output.writeInteger(id)
        for descriptor in descriptors {
            output.writeMultipleIntegers(descriptor.length, descriptor.flags)
        }
    }

    private func simpleHeader(_ cookie: UInt64, _ error: UInt32, _ output: inout ByteBuffer) {
        output.writeMultipleIntegers(NBD.simpleReplyMagic, error, cookie)
    }

    private func chunkHeader(
        _ type: NBD.Chunk, _ cookie: UInt64, length: UInt32, isLast: Bool, _ output: inout ByteBuffer
    ) {
        output.writeMultipleIntegers(
            NBD.structuredReplyMagic, isLast ? NBD.chunkIsLast : 0, type.rawValue, cookie, length)
    }
}
