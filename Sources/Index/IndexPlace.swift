import VitrineFormats

/// Where an index is kept: under its fingerprint in the cache, or in a file that the user named.
struct IndexPlace: Sendable {
    private let folderPath: SystemString
    /// What the file is called in its folder.
    private let name: SystemString
    /// The cache it is in; nil for a file of the user's.
    let cache: IndexCache?
    /// Of the image or layer; nil where it is in a file of the user's.
    private let fingerprint: Fingerprint?
    /// What the file system says of the image, if that is to lead to the index.
    private let stamp: FileStamp?

    /// In `cache`, for the image or layer with `fingerprint`.
    init(in cache: IndexCache, _ fingerprint: Fingerprint, stamp: FileStamp?) {
        folderPath = cache.path
        name = IndexCache.fileName(of: fingerprint)
        self.cache = cache
        self.fingerprint = fingerprint
        self.stamp = stamp
    }

    /// In the file at `path`.
    init(path: SystemString) {
        (folderPath, name) = Folder.split(path)
        cache = nil
        fingerprint = nil
        stamp = nil
    }

    /// Throws `refused` where the cache is not this user's alone.
    func requireTrust() throws(ImageError) {
        if cache != nil { try Folder.open(folderPath)?.requireTrust() }
    }

    /// Its path, fit to be shown.
    var path: String { "\(folderPath)/\(name)" }

    /// What the file system says of the file that is there now; nil where none is.
    func status() -> FileStatus? {
        (try? Folder.open(folderPath))?.status(of: name)
    }

    /// Which file is there now; nil where none is.
    func identity() -> FileStatus.Identity? { status()?.identity }

    /// The index that is there now; nil where nothing is, or nothing that a sound cache would hold.
    ///
    /// Throws `refused` where the user named what is no index and must not be replaced by one; whatever makes
    /// the index unusable otherwise.
    func load() throws(ImageError) -> (index: IndexFile, identity: FileStatus.Identity)? {
        guard let folder = try Folder.open(folderPath) else { return nil }
        guard let (file, status) = try folder.file(name, mustBeOurs: cache != nil),
            cache != nil || file.size > 0
        else { return nil }
        if cache == nil {
            let start = try file.bytes(at: 0, count: Int(min(file.size, UInt64(IndexFormat.magic.count))))
            guard start == IndexFormat.magic else {
                throw ImageError(.refused, "\(path): is no seek index, and is left as it is")
            }
        }
        let index = try inside(path) { () throws(ImageError) in try IndexFile(file) }
        return (index, status.identity)
    }

    /// The folder, to write an index to. A folder of the cache is made if need be.
    ///
    /// Throws `io` where there is none, and `refused` for a cache that must not be relied on.
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

    /// A new file in `folder`, which takes the place when it is finished.
    ///
    /// Throws `io` where it cannot be made.
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

    /// Removes the file `identity` if it is the one there, and in the cache: what another process has put there since is not
    /// what was found wrong. A file of the user's stays.
    func removeIfCached(_ identity: FileStatus.Identity) {
        guard cache != nil, let folder = try? Folder.open(folderPath) else { return }
        try? folder.withLock { () throws(ImageError) in
            if folder.status(of: name)?.identity == identity { folder.remove(name) }
        }
    }
}
