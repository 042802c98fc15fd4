import VitrineFormats
import VitrineIndex

/// Finds the seek indexes of images, and keeps them.
struct IndexStore: Sendable {
    private let finder: IndexFinder?

    /// The indexes that images are opened with. Nil if there should be none.
    var indexes: (any SeekIndexes)? { finder }

    /// The zstd level for an index that is made for its own sake. A server has less time.
    static let thoroughCompression: Int32 = 19

    /// Indexes at the place of `choice`, compressed with this level of zstd. If it `isReadOnly`, they are used and none is made. The
    /// user is warned of anything wrong with them.
    init(_ choice: IndexChoice, compressionLevel: Int32 = 3, isReadOnly: Bool = false) {
        let place: IndexFinder.Storage? =
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

    /// Saves everything learnt in passing about the open image. If that fails, the user is warned.
    func save() {
        finder?.save()
    }

    /// Saves the index of `layer`. Returns its length in bytes. Nil if nothing is known of the layer, or it has no index that is
    /// kept.
    ///
    /// Throws if the index cannot be kept.
    func save(_ layer: any Indexable) throws(ImageError) -> UInt64? {
        guard let index = layer.seekIndex as? StoredIndex else { return nil }
        try index.save()
        if let file = index.file { return file.size }
        guard index.knowledge().spans.isEmpty else {
            throw ImageError(.io, "another process removed the seek index right after it was saved")
        }
        return nil
    }
}
