import NIOCore
import VitrineFormats

/// Writes the replies of the transmission phase in the form that was negotiated.
///
/// Source: doc/proto.md, "Simple reply message" and "Structured reply chunk message".
package struct ReplyWriter: Equatable, Sendable {
    /// True if structured replies were negotiated.
    let isStructured: Bool

    /// Writes that a request which has no data to return is done.
    func success(_ cookie: UInt64, _ output: inout ByteBuffer) {
        // For anything but reads, a simple reply is right whatever was negotiated.
        simpleHeader(cookie, 0, &output)
    }

    /// Writes that a read of no bytes is done.
    func emptyRead(_ cookie: UInt64, _ output: inout ByteBuffer) {
        if isStructured {
            chunkHeader(.none, cookie, length: 0, isLast: true, &output)
        } else {
            simpleHeader(cookie, 0, &output)
        }
    }

    /// Writes that a request failed. `text` says why, and `offset` where, in bytes from the start of the export.
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

    /// Writes the header that comes before the data of a simple reply to a read.
    func simpleData(_ cookie: UInt64, _ output: inout ByteBuffer) {
        simpleHeader(cookie, 0, &output)
    }

    /// Writes the header that comes before `count` bytes of data from `offset`.
    func dataChunk(
        _ cookie: UInt64, at offset: UInt64, count: Int, isLast: Bool, _ output: inout ByteBuffer
    ) {
        chunkHeader(.offsetData, cookie, length: UInt32(8 + count), isLast: isLast, &output)
        output.writeInteger(offset)
    }

    /// Writes that `range` reads as zeroes.
    func holeChunk(_ cookie: UInt64, _ range: Range<UInt64>, isLast: Bool, _ output: inout ByteBuffer) {
        chunkHeader(.offsetHole, cookie, length: 12, isLast: isLast, &output)
        output.writeInteger(range.lowerBound)
        output.writeInteger(UInt32(range.upperBound - range.lowerBound))
    }

    /// Writes the descriptors of the metadata context `id`, from the start of a request on.
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
