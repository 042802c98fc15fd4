/// The bytes before a checkpoint, which a decoder that starts there copies from.
package enum WindowContent {
    /// The bytes that one span reads. Data after the span may need others.
    case sparse(SparseWindow)
    /// All bytes, which the function fills in.
    case full((inout MutableSpan<UInt8>) throws(ImageError) -> Void)
}
