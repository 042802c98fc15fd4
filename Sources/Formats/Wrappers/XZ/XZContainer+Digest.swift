extension XZContainer {
    /// The largest number of checks that are read: each may be a seek of the disk.
    static let maximumDigestChecks = 4096

    /// The fingerprint that tells the file `source` from others of the same size. It is the SHA-256 of the number of
    /// blocks and, for each block, its length without padding, its decoded length and its check. The checks of at most
    /// 4096 blocks are used (docs/seek-index.md, "Fingerprint").
    ///
    /// Throws the errors of reading the checks.
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
