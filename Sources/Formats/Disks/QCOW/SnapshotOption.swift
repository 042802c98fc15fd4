/// Opens an internal snapshot in place of the disk's present state.
enum SnapshotOption: FormatOption {
    static let standard: String? = nil
    static let isForReferences = false

    static func error(unused value: String?) -> ImageError? {
        value.map { _ in ImageError(.unsupported, "vitrine opens no snapshots in this format") }
    }
}

extension FormatOptions {
    /// The internal snapshot to open in place of the disk's present state, by its ID or else its name.
    public var snapshot: String? {
        get { self[SnapshotOption.self] }
        set { self[SnapshotOption.self] = newValue }
    }
}
