import NIOCore

/// The buffer in which the connections of one event loop collect their replies.
///
/// One for all of them is enough: each fills it, writes it, and is done with it before the next one's turn. It is used again if the
/// socket took all of it.
///
/// @unchecked Sendable: only a variable of the event loop's thread, and the handlers that run there, reach it.
final class OutputScratch: @unchecked Sendable {
    private var buffer = ByteBuffer()

    /// An empty buffer to fill.
    func take() -> ByteBuffer {
        defer { buffer = ByteBuffer() }
        // Keeps the allocation, unless somebody still holds the old content.
        buffer.clear()
        return buffer
    }

    /// Gives the buffer back after use.
    func give(_ used: ByteBuffer) {
        buffer = used
    }
}
