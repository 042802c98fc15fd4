/// Opens a parent whatever its content ID.
enum IgnoreContentIDOption: FormatOption {
    static let standard = false
    static let isForReferences = true
}

extension FormatOptions {
    /// True to open a VMDK's parent even if its content ID tells that it was written to since.
    public var ignoresContentID: Bool {
        get { self[IgnoreContentIDOption.self] }
        set { self[IgnoreContentIDOption.self] = newValue }
    }
}
