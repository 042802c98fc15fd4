package import VitrineFormats

/// A name that clients ask for, and the bytes behind it.
package struct Export: Sendable {
    /// The most bytes that clients can give for a name, of an export or of a status (NBD's doc/proto.md, "String values").
    package static let maximumName = 4096

    /// The name; `""` is the default export. At most `maximumName` bytes.
    package let name: String

    /// The text that describes it to people; at most `maximumName` bytes.
    package let description: String

    package let source: any Source

    /// The kinds of status that it has.
    package let statuses: StatusList

    /// An export of `source`.
    package init(name: String, description: String, source: any Source) {
        self.init(name: name, description: description, source: source, statuses: StatusList(source.bitmaps))
    }

    /// An export of `source`, which is the disk that `statuses` describe, or a window onto it.
    init(name: String, description: String, source: any Source, statuses: StatusList) {
        self.name = name
        self.description = description
        self.source = source
        self.statuses = statuses
    }
}
