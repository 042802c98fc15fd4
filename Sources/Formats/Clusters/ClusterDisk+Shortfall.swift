extension ClusterDisk {
    /// Has the user told of what is missing. Where the image is wrapped, as in xz, finding that out might take decoding all of it.
    func warnOfShortfall(_ context: OpenContext) {
        guard map.tables.cost.isLow else { return }
        context.references.warn(shortfall.map { "\(layout.formatName): \($0)" })
    }

    /// What is known to be missing, as a file was cut short, a sentence each: by a look at the tables that takes no longer than
    /// opening a disk may.
    var shortfall: [String] { map.tables.usage(of: self).warnings }
}
