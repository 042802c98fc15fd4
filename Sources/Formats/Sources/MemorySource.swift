/// Bytes in memory, as a source.
package final class MemorySource: Source {
    private let content: [UInt8]

    package var size: UInt64 { UInt64(content.count) }

    /// A source that holds `content`.
    package init(_ content: [UInt8]) {
        self.content = content
    }

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        buffer.copy(content, from: Int(offset), count: buffer.count, to: 0)
    }

    package func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        try fill(&buffer, at: offset)
        return true
    }

    package func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        Extent(range, .data)
    }
}
