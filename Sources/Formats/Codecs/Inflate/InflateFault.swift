/// The reason that deflate data cannot be decoded further.
enum InflateFault: Error {
    /// The data ends within this part of it.
    case cut(in: StaticString)
    /// The data contradicts RFC 1951. The text says how, about the block.
    case damage(String)

    /// The error for data that ends at the offset `end`, in the block whose header is at the position `header`.
    func error(header: UInt64, end: UInt64) -> ImageError {
        switch self {
        case .cut(let part): ImageError(.corrupt, "the deflate data ends at \(end), in the middle of \(part)")
        case .damage(let text): ImageError(.corrupt, "deflate block at \(header / 8): \(text)")
        }
    }
}
