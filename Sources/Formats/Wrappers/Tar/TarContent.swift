/// The content of a member, opened.
struct TarContent: Sendable {
    /// The content in its full size. If the archive is truncated, reading what is missing fails.
    let source: any Source

    /// The offset of the first byte that is missing because the archive is truncated. Nil if none is.
    var firstMissing: UInt64?

    /// The name of the member in printable form.
    let name: String

    /// A text about what is missing, in a list. Empty if nothing is.
    var warnings: [String] {
        guard let firstMissing else { return [] }
        return [
            "member \"\(name)\" is there up to \(firstMissing) of its \(source.size) bytes, and reading data behind that fails"
        ]
    }

    /// The part that comes before anything is missing, as in a truncated file.
    func present() throws(ImageError) -> any Source {
        guard let firstMissing else { return source }
        return try Slice(source, 0..<firstMissing)
    }
}
