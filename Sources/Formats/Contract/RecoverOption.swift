/// The option to read the part of a truncated disk that is there.
enum RecoverOption: FormatOption {
    static let standard = false
    static let isForReferences = true
}

extension FormatOptions {
    /// True to read the part of a truncated disk that is there. Reading the rest of it fails.
    public var recovers: Bool {
        get { self[RecoverOption.self] }
        set { self[RecoverOption.self] = newValue }
    }
}
