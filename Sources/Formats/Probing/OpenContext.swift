/// What a format is opened with.
package struct OpenContext: Sendable {
    /// The threads and the memory to decode with.
    package var engine: Engine
    /// Where the seek index of the layer is found, if anywhere.
    package var indexes: (any SeekIndexes)?
    /// How many layers lie around it: 0 for the outermost.
    package var depth: Int
    /// What the layer opens the files it names through.
    package var references: any References

    /// The context of the layer `depth` layers below the file on disk.
    package init(
        engine: Engine, indexes: (any SeekIndexes)? = nil, depth: Int = 0,
        references: any References = RefusedReferences()
    ) {
        self.engine = engine
        self.indexes = indexes
        self.depth = depth
        self.references = references
    }
}
