extension ClusterDisk {
    /// Has the user told of what is missing. Where the image is wrapped, as in xz, finding that out might take decoding all of it.
    func warnOfShortfall(_ context: OpenContext) {
        guard context.depth == 0 else { return }
        context.references.warn(shortfall.map { "\(layout.formatName): \($0)" })
    }

    /// What is known to be missing, as a file was cut short, a sentence each: by a look at the tables that takes no longer than
    /// opening a disk may.
    var shortfall: [String] {
        switch map.kind {
        case .tables(let tables): return tables.usage(of: self).warnings
        case .identity:
            // As for any cluster: what is missing of the last one reads as zeroes.
            let held = (data.size + layout.clusterSize - 1) & ~(layout.clusterSize - 1)
            guard held < size else { return [] }
            return [
                "\(layout.terms.data) ends at \(data.size), and the disk at \(size): it is cut short, and reading the last "
                    + "\(byteCount(size - held)) fails"
            ]
        }
    }
}
