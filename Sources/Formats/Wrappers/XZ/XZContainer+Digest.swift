extension XZContainer {
    /// More checks than this are not read: each may be a seek of the disk.
    static let maximumDigestChecks = 4096

    /// What tells the file `source` from others of the same size: SHA-256 over the number of its blocks and, of each, its length without
    /// padding, what it holds, and its check; checks of 4096 blocks at most (docs/seek-index.md, "Fingerprint").
    ///
    /// Throws what reading the checks throws.
    func digest(of source: any Source) throws(ImageError) -> [UInt8] {
        var hash = SHA256()
        var count: [UInt8] = []
        count.append(little: UInt64(blocks.count))
        hash.update(count.span)
        let step = max(1, (blocks.count + Self.maximumDigestChecks - 1) / Self.maximumDigestChecks)
        for (number, block) in blocks.enumerated() {
            var bytes: [UInt8] = []
            bytes.append(little: block.unpaddedSize)
            bytes.append(little: end(of: number) - block.start)
            if number % step == 0, !block.isCut {
                let padded = (block.unpaddedSize - UInt64(block.check.size) + 3) & ~3
                bytes += try source.bytes(at: block.offset + padded, count: block.check.size)
            }
            hash.update(bytes.span)
        }
        return hash.digest()
    }
}
