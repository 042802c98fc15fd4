/// A part of an L2 table, or all of a small one.
struct L2Slice: Sendable {
    /// The most bytes of a table that are read at once.
    static let maximumSize: UInt64 = 64 << 10

    /// What it tells of, in bytes from the start of the disk; may pass its end.
    let range: Range<UInt64>

    /// Where it starts in the file, in bytes.
    let offset: UInt64

    /// Its entries: one word each, or two.
    let words: [UInt64]

    let geometry: ClusterGeometry

    /// What lies at `position`, which it tells of.
    ///
    /// Throws `corrupt` where the entry makes no sense.
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
