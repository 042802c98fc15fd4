import Glibc
package import VitrineFormats

/// The folder of all indexes whose files the user did not name: `$XDG_CACHE_HOME/vitrine`, or `~/.cache/vitrine`.
///
///     <fingerprint>.sidx           an index; touched when it is used
///     by-file/<device>-<inode>     the fingerprint of an image, and the stamp it had then
///
/// It belongs to this user alone. Nothing that others could have written is used.
package struct IndexCache: Sendable {
    /// An index in the cache.
    package struct Entry: Sendable {
        /// 64 hexadecimal digits.
        package var fingerprint: String
        /// The length in bytes of the index.
        package var fileSize: UInt64
        /// The time of its last use, in nanoseconds since 1970.
        package var lastUse: Int64
        /// The main facts of the index. Nil if it cannot be used.
        package var summary: Summary?
    }

    /// The main facts that an index records of its image.
    package struct Summary: Sendable, Equatable {
        /// The image's name, fit to be shown.
        package var name: String
        /// The length in bytes of the decoded layer. Nil if only decoding all of it tells.
        package var layerSize: UInt64?
        /// The number of these bytes that lie in spans.
        package var indexed: UInt64
        /// The number of spans.
        package var spans: Int
    }

    /// The most bytes that the indexes may have together by default: 4 GiB.
    package static let defaultLimit: UInt64 = 4 << 30

    /// The path of the folder.
    package let path: SystemString

    /// The most bytes that the indexes may have together.
    package let limit: UInt64

    private var hintsPath: SystemString { path + "/by-file" }

    /// The cache at `path`, which need not exist yet.
    package init(path: SystemString, limit: UInt64 = defaultLimit) {
        self.path = path
        self.limit = limit
    }

    /// This user's cache. Nil if `environment` does not name a folder for it, or names one that does not belong to this user.
    ///
    /// Nothing is ever made in the home of another user, as root would if `sudo` keeps HOME: that user could not write there any
    /// more. A missing home is not made either.
    package init?(
        limit: UInt64 = defaultLimit,
        environment: (String) -> SystemString? = { SystemString(variable: $0) }
    ) {
        // The XDG base directory specification says to ignore relative paths.
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

    /// The file name of the index for `fingerprint`.
    static func fileName(of fingerprint: Fingerprint) -> SystemString { SystemString("\(fingerprint).sidx") }

    /// The digits of the fingerprint in the file name `name`. Nil if that is not an index's name.
    private static func fingerprint(inName name: SystemString) -> Substring? {
        let text = name.text
        return text.hasSuffix(".sidx") && Fingerprint(text.dropLast(5)) != nil ? text.dropLast(5) : nil
    }

    /// The indexes in the cache, the last used one first.
    ///
    /// Throws `refused` or `io` if the folder cannot be used.
    package func entries() throws(ImageError) -> [Entry] {
        guard let folder = try Folder.open(path) else { return [] }
        try folder.requireTrust()
        return indexes(in: folder).reversed().map { entry($0.name, $0.status, folder) }
    }

    /// Removes the indexes used longest ago until the others have at most `limit` bytes together. Also removes files that killed
    /// processes left, and hints that lead nowhere. Returns the removed indexes.
    @discardableResult
    package func prune(to limit: UInt64) -> [Entry] {
        prune(to: limit, keeping: nil)
    }

    /// Does the same as `prune(to:)`, but keeps the index called `kept`.
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
                name: index.name,
                layerSize: index.subject.size,
                // Cannot overflow: they lie in the layer, and do not overlap.
                indexed: index.records.reduce(0) { $0 + $1.span.count }, spans: index.records.count)
        }
        return Entry(
            fingerprint: Self.fingerprint(inName: name).map(String.init) ?? "", fileSize: status.size,
            lastUse: status.modified,
            summary: summary)
    }
}

// Hints: they recognise an image that has not been touched since, without reading any of it.
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

    /// Notes that the image that has `stamp` has `fingerprint`, if possible.
    func note(_ stamp: FileStamp, _ fingerprint: Fingerprint) {
        guard self.fingerprint(of: stamp) != fingerprint,
            let folder = try? Folder.make(hintsPath), (try? folder.requireTrust()) != nil,
            let file = try? NewFile(in: folder, called: Self.hintName(stamp)),
            (try? file.write(Self.hint(stamp, fingerprint), at: 0)) != nil,
            // A hint that a power cut has torn is not understood, and written again.
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
