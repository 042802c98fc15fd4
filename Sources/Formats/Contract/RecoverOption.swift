/// Reads a disk whose end is missing as far as it goes.
enum RecoverOption: FormatOption {
    static let standard = false
    static let isForReferences = true
}

extension FormatOptions {
    /// True to read what is there of a disk that is cut short; reading the rest of it fails.
    public var recovers: Bool {
        get { self[RecoverOption.self] }
        set { self[RecoverOption.self] = newValue }
    }
}
