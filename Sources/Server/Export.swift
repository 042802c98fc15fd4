package import VitrineFormats

/// One name on the wire, and the bytes that stand behind it.
package struct Export: Sendable {
    /// What clients ask for; `""` is the default export. At most 4096 bytes.
    package let name: String

    /// What it is, for people; at most 4096 bytes.
    package let description: String

    package let source: any Source

    /// What BLOCK_STATUS can tell of it.
    let contexts: MetaContextList

    /// An export of `source`.
    package init(name: String, description: String, source: any Source) {
        self.init(
            name: name, description: description, source: source, contexts: MetaContextList(source.bitmaps))
    }

    /// An export of `source`, which is the disk that `contexts` are about, or a window onto it.
    init(name: String, description: String, source: any Source, contexts: MetaContextList) {
        self.name = name
        self.description = description
        self.source = source
        self.contexts = contexts
    }
}
