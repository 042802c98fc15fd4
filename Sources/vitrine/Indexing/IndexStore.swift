import VitrineFormats

/// Where the seek indexes of images come from, and where they are kept.
struct IndexStore: Sendable {
    /// What images are opened with; nil where there are to be no indexes.
    let indexes: (any SeekIndexes)?

    /// Indexes where `choice` says.
    init(_ choice: IndexChoice) {
        // The indexes of VitrineIndex go here.
        indexes = nil
    }
}
