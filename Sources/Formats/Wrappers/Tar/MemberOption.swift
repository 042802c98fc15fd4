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
    /// The name of the member to open of an archive, such as an OVA. If that member is an archive too, a slash and the
    /// name of a member in it may follow. Without a name, the only disk is opened.
    public var member: SystemString? {
        get { self[MemberOption.self] }
        set { self[MemberOption.self] = newValue }
    }
}
