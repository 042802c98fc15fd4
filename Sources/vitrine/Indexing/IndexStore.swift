import VitrineFormats
import VitrineIndex

/// Where the seek indexes of images come from, and where they are kept.
struct IndexStore: Sendable {
    private let finder: IndexFinder?

    /// What images are opened with; nil where there are to be no indexes.
    var indexes: (any SeekIndexes)? { finder }

    /// How hard zstd works on an index that is made for its own sake; whoever serves has less time.
    static let thoroughCompression: Int32 = 19

    /// Indexes where `choice` says, compressed with this level of zstd; if it `isReadOnly`, they are used and none is made. What is wrong
    /// with them is a warning.
    init(_ choice: IndexChoice, compressionLevel: Int32 = 3, isReadOnly: Bool = false) {
        let place: IndexFinder.Place? =
            switch choice {
            case .automatic: .cache
            case .path(let path): .file(path)
            case .none: nil
            }
        finder = place.map { place in
            IndexFinder(place, compressionLevel: compressionLevel, isReadOnly: isReadOnly) {
                complain("warning: \($0)")
            }
        }
    }

    /// Saves what has been learnt by the way about the image that is open; what prevents it is a warning.
    func save() {
        finder?.save()
    }

    /// Saves what is known of `layer`, and returns how many bytes that takes; nil where nothing is known, or the layer is one that
    /// has no index that is kept.
    ///
    /// Throws where it cannot be kept.
    func save(_ layer: any Indexable) throws(ImageError) -> UInt64? {
        guard let index = layer.seekIndex as? StoredIndex else { return nil }
        try index.save()
        if let file = index.file { return file.size }
        guard index.knowledge().spans.isEmpty else {
            throw ImageError(.io, "the seek index was saved, and somebody has removed it at once")
        }
        return nil
    }
}
