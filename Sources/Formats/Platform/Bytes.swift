// The unsafe byte helper: it checks its bounds first, so that what is unsafe ends
// at its closing brace.

extension MutableSpan where Element == UInt8 {
    /// Copies `count` bytes of `bytes`, from index `from`, to index `to` of this span.
    ///
    /// Both ranges must lie inside.
    package mutating func copy(_ bytes: [UInt8], from: Int, count: Int, to: Int) {
        precondition(from >= 0 && count >= 0 && from <= bytes.count && count <= bytes.count - from)
        precondition(to >= 0 && to <= self.count && count <= self.count - to)
        unsafe withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                guard count > 0, let source = source.baseAddress, let target = target.baseAddress else {
                    return
                }
                unsafe (target + to).update(from: source + from, count: count)
            }
        }
    }
}
