/// The bytes before a checkpoint.
package enum CheckpointWindow {
    /// The bytes that one span reads. Data after the span may need others.
    case sparse(SparseWindow)
    /// All bytes, which the function fills in.
    case full((inout MutableSpan<UInt8>) throws(ImageError) -> Void)

    /// Writes the bytes to `window`, which holds only zeroes.
    ///
    /// Throws `corrupt` if they do not fit, and the errors of the function.
    func write(to window: UnsafeMutableBufferPointer<UInt8>) throws(ImageError) {
        switch self {
        case .sparse(let sparse):
            try unsafe sparse.scatter(into: window)
        case .full(let fill):
            // The span does not outlive the call.
            var span = unsafe MutableSpan(_unsafeElements: window)
            try fill(&span)
        }
    }
}
