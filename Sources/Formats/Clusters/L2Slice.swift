/// A part of an L2 table, or all of a small one.
struct L2Slice: Sendable {
    /// The largest number of bytes of a table that are read at once.
    static let maximumSize: UInt64 = 64 << 10

    /// The range of the disk that the slice covers, in bytes. May pass the disk's end.
    let range: Range<UInt64>

    /// Its offset in the file, in bytes.
    let offset: UInt64

    /// Its entries: one word each, or two.
    let words: [UInt64]

    let geometry: ClusterGeometry

    /// The content at `position`, which the slice covers.
    ///
    /// Throws `corrupt` if the entry is invalid.
    func content(at position: UInt64, _ layout: any ClusterLayout) throws(ImageError) -> ClusterContent {
        let index = Int(((position - range.lowerBound) >> geometry.clusterBits) << geometry.entryWordBits)
        do throws(ImageError) {
            return try layout.content(
                at: position, words[index], geometry.entryWordBits > 0 ? words[index + 1] : 0)
        } catch {
            let place = "\(layout.terms.l2) entry at \(offset + UInt64(index * layout.word.size))"
            throw ImageError(error.code, "\(place) \(error.reason)", path: [layout.formatName])
        }
    }
}
