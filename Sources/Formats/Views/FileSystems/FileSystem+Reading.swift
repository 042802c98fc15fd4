extension FileSystem {
    /// The file system that `source` holds: a partition, or a whole disk. Nil if none is found.
    ///
    /// Reads the first 69,632 bytes at once, which is enough for the superblocks of nearly all. With `readsFar` it also reads what lies
    /// further on: superblocks at the end, the journal of XFS, the directory that has the label of FAT. All in all that is no more than
    /// 1.1 MiB. Without, what lies there stays unknown. In a layer that is compressed as one block, the end may cost decoding it all.
    ///
    /// Throws the error of reading the start. Other data that is unreadable or invalid is no error: what it would tell stays unknown.
    package static func read(_ source: any Source, readsFar: Bool) throws(ImageError) -> FileSystem? {
        let area = try SuperblockArea(source, readsFar: readsFar)
        var found: [FileSystem] = []
        for kind in FileSystemKind.all {
            guard let fileSystem = try kind.read(area) else { continue }
            if kind.isContainer { return fileSystem }
            found.append(fileSystem)
        }
        return best(of: found, in: source.size)
    }

    /// The file system among `found` that a partition of `size` bytes holds.
    ///
    /// A new file system does not always overwrite the superblocks of those before it. The one that is consistent in itself is believed.
    private static func best(of found: [FileSystem], in size: UInt64) -> FileSystem? {
        let sound = found.filter { $0.state != .damaged && ($0.size ?? 0) <= size }
        let candidates = sound.isEmpty ? found : sound
        guard var best = candidates.first else { return nil }
        best.rivals = candidates.dropFirst().map(\.kind)
        // No more than all of it can be taken.
        if let used = best.used, let size = best.size, used > size { best.used = nil }
        return best
    }
}
