extension [SystemString] {
    /// Runs `body` with the texts as a program takes its arguments: pointers to them, and then NULL.
    ///
    /// The pointers are valid only in `body`.
    package func withArguments<Result>(
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var texts = flatMap(\.terminated)
        return unsafe texts.withUnsafeMutableBufferPointer { texts in
            var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
            var start = 0
            for text in self {
                unsafe pointers.append(texts.baseAddress.map { unsafe $0 + start })
                start += text.bytes.count + 1
            }
            unsafe pointers.append(nil)
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                guard let base = pointers.baseAddress else { preconditionFailure("NULL is always there") }
                return unsafe body(base)
            }
        }
    }
}
