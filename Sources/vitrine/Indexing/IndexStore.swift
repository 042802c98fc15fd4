import VitrineFormats
import VitrineIndex

/// Where the seek indexes of images come from, and where they are kept.
struct IndexStore: Sendable {
    /// Finds them; nil where there are to be none.
    private let finder: IndexFinder?

    /// What images are opened with; nil where there are to be no indexes.
    var indexes: (any SeekIndexes)? { finder }

    /// Indexes where `choice` says. What is added is compressed at `level` of zstd.
    init(_ choice: IndexChoice, level: Int32 = 3) {
        let place: IndexFinder.Place
        switch choice {
        case .automatic: place = .cache
        case .path(let path): place = .file(path)
        case .none:
            finder = nil
            return
        }
        finder = IndexFinder(place, compressionLevel: level) { complain("warning: \($0)") }
    }

    /// Saves what was learnt; what prevents that is a warning.
    func save() {
        finder?.save()
    }

    /// Saves what was learnt, and throws why that is not possible.
    func saveOrThrow() throws(ImageError) {
        for index in finder?.opened ?? [] { try index.save() }
    }

    /// The length in bytes of all files that the indexes in use are kept in; nil where there is none.
    var fileSize: UInt64? {
        let sizes = finder?.opened.compactMap { $0.file?.size } ?? []
        return sizes.isEmpty ? nil : sizes.reduce(0, +)
    }
}
