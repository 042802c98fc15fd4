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

    /// Saves what is known of the layer of `size` bytes that is the `number`th of those indexed in the image
    /// that is open, and returns how many bytes that takes.
    ///
    /// Throws where it cannot be kept.
    func save(layer number: Int) throws(ImageError) -> UInt64? {
        // They are in the order in which they were opened: outermost first.
        let opened = finder?.opened ?? []
        guard opened.indices.contains(number) else { return nil }
        try opened[number].save()
        return opened[number].file?.size
    }
}
