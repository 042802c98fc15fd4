package import VitrineFormats

/// A name on the wire, and the bytes behind it.
package struct Export: Sendable {
    /// The name that clients ask for; `""` is the default export. At most 4096 bytes.
    package let name: String

    /// The text that describes it to people; at most 4096 bytes.
    package let description: String

    package let source: any Source

    /// The metadata contexts that BLOCK_STATUS offers for it.
    let contexts: MetaContextList

    /// An export of `source`.
    package init(name: String, description: String, source: any Source) {
        self.init(
            name: name, description: description, source: source, contexts: MetaContextList(source.bitmaps))
    }

    /// An export of `source`, which is the disk that `contexts` describe, or a window onto it.
    init(name: String, description: String, source: any Source, contexts: MetaContextList) {
        self.name = name
        self.description = description
        self.source = source
        self.contexts = contexts
    }
}
