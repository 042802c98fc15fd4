/// The runs of zeroes that a seek index claims for a layer. They are compared with the decoded data.
struct ZeroClaims: Sendable {
    /// Runs in order, without overlaps.
    private let runs: [Range<UInt64>]

    init(_ runs: [Range<UInt64>]) {
        self.runs = runs
    }

    /// Throws `corrupt` unless `piece`, decoded at `start` of the layer, is zero where the index claims it.
    func compare(_ piece: Piece, at start: UInt64) throws(ImageError) {
        guard case .bytes(let bytes) = piece else { return }
        let range = start..<start + UInt64(bytes.count)
        for run in runs[runs.partitionPoint(where: { $0.upperBound > start })...] {
            let part = run.clamped(to: range)
            if part.isEmpty { return }
            let isZero = bytes[Int(part.lowerBound - start)..<Int(part.upperBound - start)]
                .allSatisfy { $0 == 0 }
            guard isZero else {
                throw ImageError(
                    .corrupt,
                    "the seek index says that \(run.lowerBound) to \(run.upperBound) are zeroes, but there is data"
                )
            }
        }
    }
}
