import Glibc
package import VitrineFormats

/// The folder in which indexes are kept that nobody named: `$XDG_CACHE_HOME/vitrine`, or `~/.cache/vitrine`.
///
///     <fingerprint>.sidx           an index; touched when it is used
///     by-file/<device>-<inode>     the fingerprint of an image, and the stamp it had then
///
/// It belongs to this user alone; what others could have written to is not used.
package struct IndexCache: Sendable {
    /// An index in the cache.
    package struct Entry: Sendable {
        /// 64 hexadecimal digits.
        package var fingerprint: String
        /// The length in bytes of the index.
        package var fileSize: UInt64
        /// When it was last used, in nanoseconds since 1970.
        package var lastUse: Int64
        /// What it says; nil where it cannot be used.
        package var summary: Summary?
    }

    /// What an index says of its image.
    package struct Summary: Sendable, Equatable {
        /// The image's name, fit to be shown.
        package var name: String
        /// The length in bytes of what the layer holds.
        package var layerSize: UInt64
        /// How many of them lie in spans.
        package var indexed: UInt64
        /// How many spans there are.
        package var spans: Int
    }

    /// How many bytes the indexes may have together, unless said otherwise: 4 GiB.
    package static let defaultLimit: UInt64 = 4 << 30

    /// Where it is.
    package let path: SystemString

    /// How many bytes the indexes may have together.
    package let limit: UInt64

    private var hintsPath: SystemString { path + "/by-file" }

    /// The cache at `path`, which need not be there yet.
    package init(path: SystemString, limit: UInt64 = defaultLimit) {
        self.path = path
        self.limit = limit
    }

    /// This user's cache; nil where the `environment` does not say where it is, or where that is not this user's.
    ///
    /// Nothing is ever made in the home of another user, as by root where `sudo` keeps HOME: that user could not write there any
    /// more. And a home that is not there is not made.
    package init?(
        limit: UInt64 = defaultLimit,
        environment: (String) -> SystemString? = { SystemString(variable: $0) }
    ) {
        // A relative path is to be ignored, says the XDG base directory specification.
        func path(_ name: String) -> SystemString? {
            environment(name).flatMap { $0.isAbsolutePath ? $0 : nil }
        }
        if let base = path("XDG_CACHE_HOME") {
            guard Folder.nearestIsOurs(base) else { return nil }
            self.init(path: base + "/vitrine", limit: limit)
        } else {
            guard let home = path("HOME"), Folder.isOurs(home) else { return nil }
            self.init(path: home + "/.cache/vitrine", limit: limit)
        }
    }

    /// What the index for `fingerprint` is called.
    static func fileName(of fingerprint: Fingerprint) -> SystemString { SystemString("\(fingerprint).sidx") }

    /// The digits of the fingerprint of the index that is called `name`; nil where that is no index's name.
    private static func fingerprint(inName name: SystemString) -> Substring? {
        let text = name.text
        return text.hasSuffix(".sidx") && Fingerprint(text.dropLast(5)) != nil ? text.dropLast(5) : nil
    }

    /// The indexes in the cache, the last used one first.
    ///
    /// Throws `refused` or `io` where the folder cannot be used.
    package func entries() throws(ImageError) -> [Entry] {
        guard let folder = try Folder.open(path) else { return [] }
        try folder.requireTrust()
        return indexes(in: folder).reversed().map { entry($0.name, $0.status, folder) }
    }

    /// Removes the indexes used longest ago until all have at most `limit` bytes together, what killed
    /// processes left, and hints that lead nowhere. Returns the indexes that are gone.
    @discardableResult
    package func prune(to limit: UInt64) -> [Entry] {
        prune(to: limit, keeping: nil)
    }

    /// As `prune(to:)`, but the index called `kept` stays.
    @discardableResult
    func prune(to limit: UInt64, keeping kept: SystemString?) -> [Entry] {
        guard let folder = try? Folder.open(path), (try? folder.requireTrust()) != nil else { return [] }
        NewFile.removeLeftovers(in: folder)
        let all = indexes(in: folder)
        var total = all.reduce(0) { $0 &+ $1.status.size }
        var gone: [Entry] = []
        for (name, status) in all where total > limit && name != kept {
            let entry = entry(name, status, folder)
            guard folder.remove(name) else { continue }
            total -= status.size
            gone.append(entry)
        }
        removeDanglingHints(folder)
        return gone
    }

    /// The names of the indexes in `folder`, the one used longest ago first.
    private func indexes(in folder: Folder) -> [(name: SystemString, status: FileStatus)] {
        folder.names().filter { Self.fingerprint(inName: $0) != nil }
            .compactMap { name in folder.status(of: name).map { (name, $0) } }
            .sorted { $0.status.modified < $1.status.modified }
    }

    private func entry(_ name: SystemString, _ status: FileStatus, _ folder: Folder) -> Entry {
        var summary: Summary?
        if let (file, _) = try? folder.file(name, mustBeOurs: true), let index = try? IndexFile(file) {
            summary = Summary(
                name: index.name, layerSize: index.subject.size,
                // Cannot overflow: they lie in the layer, and do not overlap.
                indexed: index.records.reduce(0) { $0 + $1.span.count }, spans: index.records.count)
        }
        return Entry(
            fingerprint: Self.fingerprint(inName: name).map(String.init) ?? "", fileSize: status.size,
            lastUse: status.modified,
            summary: summary)
    }
}

// Hints: an image that has not been touched since is recognised without reading any of it.
extension IndexCache {
    private static func hintName(_ stamp: FileStamp) -> SystemString {
        SystemString("\(stamp.device)-\(stamp.inode)")
    }

    private static func hint(_ stamp: FileStamp, _ fingerprint: Fingerprint) -> [UInt8] {
        Array("\(fingerprint) \(stamp.size) \(stamp.modified) \(stamp.changed)\n".utf8)
    }

    /// The fingerprint of the image that has `stamp`, if it was noted and the image has not changed since.
    func fingerprint(of stamp: FileStamp) -> Fingerprint? {
        guard let folder = try? Folder.open(hintsPath), (try? folder.requireTrust()) != nil,
            let text = Self.text(of: Self.hintName(stamp), in: folder),
            let fingerprint = Fingerprint(String(decoding: text.prefix(64), as: UTF8.self)),
            text == Self.hint(stamp, fingerprint)
        else { return nil }
        return fingerprint
    }

    /// Notes that the image that has `stamp` has `fingerprint`, if that can be noted.
    func note(_ stamp: FileStamp, _ fingerprint: Fingerprint) {
        guard self.fingerprint(of: stamp) != fingerprint,
            let folder = try? Folder.make(hintsPath), (try? folder.requireTrust()) != nil,
            let file = try? NewFile(in: folder, called: Self.hintName(stamp)),
            (try? file.write(Self.hint(stamp, fingerprint), at: 0)) != nil,
            // One that a power cut has torn is not understood, and written again.
            (try? file.seal(durably: false)) != nil
        else { return }
        try? file.putInPlace()
    }

    private func removeDanglingHints(_ folder: Folder) {
        guard let hints = try? Folder.open(hintsPath), (try? hints.requireTrust()) != nil else { return }
        NewFile.removeLeftovers(in: hints)
        for name in hints.names() where !NewFile.isTemporary(name) {
            let text = Self.text(of: name, in: hints)?.prefix(64) ?? []
            if let fingerprint = Fingerprint(String(decoding: text, as: UTF8.self)),
                folder.status(of: Self.fileName(of: fingerprint)) != nil
            {
                continue
            }
            hints.remove(name)
        }
    }

    private static func text(of name: SystemString, in folder: Folder) -> [UInt8]? {
        guard let (file, _) = try? folder.file(name, mustBeOurs: true), file.size <= 256 else { return nil }
        return try? file.bytes(at: 0, count: Int(file.size))
    }
}
