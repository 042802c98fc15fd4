/// What a format is opened with.
package struct OpenContext: Sendable {
    /// The threads and the memory to decode with.
    package var engine: Engine
    /// Where the seek index of the layer is found, if anywhere.
    package var indexes: (any SeekIndexes)?
    /// How many layers lie around it, not counting archives, whose members are as easily read as a file: 0 for the outermost.
    package var depth: Int
    /// What opens the files that the layer names.
    package var references: any References
    /// The internal snapshot to open in place of the disk's present state: its ID, or else its name.
    package var snapshot: String?
    /// The name of the member to open of the next archive, and behind a slash that in the archive in it; without, its only disk.
    package var member: SystemString?
    /// The names of the members that the layer lies in, outermost first, each with a slash behind it.
    package var archive = ""
    /// Whether what is there of a disk that is cut short is to be made do with.
    package var recovers: Bool
    /// What the content ID must be of a disk that is another's parent (VMDK).
    package var contentID: UInt32?
    /// Whether it is opened whatever its content ID.
    package var ignoresContentID: Bool
    /// How many files are in the chain that ends with this one, each naming the next.
    package var chainLength = 1
    /// Told, in words, what turns up while the layer is read.
    package var warn: @Sendable (String) -> Void

    /// The context of a layer with `depth` others around it that are no archives.
    package init(
        engine: Engine, indexes: (any SeekIndexes)? = nil, depth: Int = 0,
        references: any References = RefusedReferences(), snapshot: String? = nil,
        member: SystemString? = nil,
        recovers: Bool = false, contentID: UInt32? = nil, ignoresContentID: Bool = false,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.engine = engine
        self.indexes = indexes
        self.depth = depth
        self.references = references
        self.snapshot = snapshot
        self.member = member
        self.recovers = recovers
        self.contentID = contentID
        self.ignoresContentID = ignoresContentID
        self.warn = warn
    }
}
