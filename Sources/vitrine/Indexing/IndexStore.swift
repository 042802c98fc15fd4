import VitrineFormats
import VitrineIndex

/// Where the seek indexes of images come from, and where they are kept.
struct IndexStore: Sendable {
    private let finder: IndexFinder?

    /// What images are opened with; nil where there are to be no indexes.
    var indexes: (any SeekIndexes)? { finder }

    /// How hard zstd works on an index that is made for its own sake; whoever serves has less time.
    static let thoroughCompression: Int32 = 19

    /// Indexes where `choice` says, compressed with this level of zstd; what is wrong with them is a warning.
    init(_ choice: IndexChoice, compressionLevel: Int32 = 3) {
        let place: IndexFinder.Place? =
            switch choice {
            case .automatic: .cache
            case .path(let path): .file(path)
            case .none: nil
            }
        finder = place.map { place in
            IndexFinder(place, compressionLevel: compressionLevel) { complain("warning: \($0)") }
        }
    }

    /// Saves what has been learnt by the way about the image that is open; what prevents it is a warning.
    func save() {
        finder?.save()
    }

    /// Saves what is known of `layer`, and returns how many bytes that takes; nil where it is not kept.
    ///
    /// Throws where it cannot be kept.
    func save(_ layer: any Indexable) throws(ImageError) -> UInt64? {
        guard let index = finder?.opened.first(where: { $0 === layer.seekIndex }) else { return nil }
        try index.save()
        return index.file?.size
    }
}
