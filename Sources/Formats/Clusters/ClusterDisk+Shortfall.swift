extension ClusterDisk {
    /// Warns the user of missing data. Does nothing if the image is wrapped, for example in xz: the check might decode
    /// all of it.
    func warnOfShortfall(_ context: OpenContext) {
        guard map.tables.cost.isLow else { return }
        context.references.warn(shortfall.map { "\(layout.formatName): \($0)" })
    }

    /// A sentence for each kind of data known to be missing because a file is truncated. The look at the tables takes
    /// no longer than opening a disk may.
    var shortfall: [String] { map.tables.usage(of: self).warnings }
}
