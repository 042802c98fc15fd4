/// Chooses one of several disks in an archive.
enum MemberOption: FormatOption {
    static let standard: SystemString? = nil
    static let isForReferences = false

    static func error(unused value: SystemString?) -> ImageError? {
        value.map {
            ImageError(.unsupported, "there is no archive here, so no member \"\($0)\" to open either")
        }
    }
}

extension FormatOptions {
    /// The name of the member to open of an archive, such as an OVA, and behind a slash that in the archive in it; without, the
    /// only disk there is.
    public var member: SystemString? {
        get { self[MemberOption.self] }
        set { self[MemberOption.self] = newValue }
    }
}
