import VitrineFormats

/// The file that an index is kept in: one in the cache, named after the fingerprint, or one that the user named.
struct IndexLocation: Sendable {
    private let folderPath: SystemString
    /// The name of the file in its folder.
    private let name: SystemString
    /// The cache it is in. Nil for a file that the user named.
    let cache: IndexCache?
    /// The fingerprint of the image or layer. Nil for a file that the user named.
    private let fingerprint: Fingerprint?
    /// The stamp that the file system has of the image, if it leads to the index through a hint.
    private let stamp: FileStamp?

    /// The place in `cache` for the image or layer with `fingerprint`.
    init(in cache: IndexCache, _ fingerprint: Fingerprint, stamp: FileStamp?) {
        folderPath = cache.path
        name = IndexCache.fileName(of: fingerprint)
        self.cache = cache
        self.fingerprint = fingerprint
        self.stamp = stamp
    }

    /// The file at `path`, which the user named.
    init(path: SystemString) {
        (folderPath, name) = Folder.split(path)
        cache = nil
        fingerprint = nil
        stamp = nil
    }

    /// Throws `refused` if the cache does not belong to this user alone.
    func requireTrust() throws(ImageError) {
        if cache != nil { try Folder.open(folderPath)?.requireTrust() }
    }

    /// Its path, fit to be shown.
    var path: String { "\(folderPath)/\(name)" }

    /// The status of the file that is there now. Nil if there is none.
    func status() -> FileStatus? {
        (try? Folder.open(folderPath))?.status(of: name)
    }

    /// The identity of the file that is there now. Nil if there is none.
    func identity() -> FileIdentity? { status()?.identity }

    /// Loads the index that is there now. Nil if nothing is there, or if the user named an empty file.
    ///
    /// Throws `refused` if the user named a file that is no index and must not be replaced by one, and otherwise the error that
    /// makes the index unusable.
    func load() throws(ImageError) -> (index: IndexFile, identity: FileIdentity)? {
        guard let folder = try Folder.open(folderPath) else { return nil }
        guard let (file, status) = try folder.file(name, mustBeOurs: cache != nil),
            cache != nil || file.size > 0
        else { return nil }
        if cache == nil {
            let start = try file.bytes(at: 0, count: Int(min(file.size, UInt64(IndexFormat.magic.count))))
            guard start == IndexFormat.magic else {
                throw ImageError(.refused, "\(path): is not a seek index, so vitrine does not replace it")
            }
        }
        let index = try inside(path) { () throws(ImageError) in try IndexFile(file) }
        return (index, status.identity)
    }

    /// Opens the folder to write an index to. Makes a missing folder of the cache.
    ///
    /// Throws `io` if there is none, and `refused` if the cache must not be trusted.
    func folder() throws(ImageError) -> Folder {
        if cache != nil {
            let folder = try Folder.make(folderPath)
            try folder.requireTrust()
            return folder
        }
        guard let folder = try Folder.open(folderPath) else {
            throw ImageError(.io, "\(folderPath): there is no such folder")
        }
        return folder
    }

    /// Makes a file in `folder` that takes this place when it is finished.
    ///
    /// Throws `io` if it cannot be made.
    func newFile(in folder: Folder) throws(ImageError) -> NewFile {
        try NewFile(in: folder, called: name, isPublic: cache == nil)
    }

    /// Notes that the index there is used.
    func noteUse() {
        guard let cache, let folder = try? Folder.open(folderPath) else { return }
        folder.touch(name)
        if let stamp, let fingerprint { cache.note(stamp, fingerprint) }
    }

    /// Tidies up after an index has been saved there.
    func noteSaved(in folder: Folder) {
        guard let cache else { return NewFile.removeLeftovers(in: folder, of: name) }
        if let stamp, let fingerprint { cache.note(stamp, fingerprint) }
        cache.prune(to: cache.limit, keeping: name)
    }

    /// Removes the file there if it is `identity` and in the cache. Another file that a process has put there since is not the one
    /// that was found wrong. A file that the user named stays.
    func removeIfCached(_ identity: FileIdentity) {
        guard cache != nil, let folder = try? Folder.open(folderPath) else { return }
        try? folder.withLock { () throws(ImageError) in
            if folder.status(of: name)?.identity == identity { folder.remove(name) }
        }
    }
}
