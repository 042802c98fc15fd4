import Synchronization
package import VitrineFormats

/// Finds the seek indexes of the images opened with it, and keeps track of them.
package final class IndexFinder: SeekIndexes {
    /// The place that indexes are kept in.
    package enum Storage: Sendable {
        /// The user's cache.
        case cache
        /// The file at this path, for the outermost layer. The indexes of inner layers, and of other files that the image names, are in
        /// the cache.
        case file(SystemString)
        /// No place: no indexes are used or kept.
        case nowhere
    }

    let place: Storage
    let cache: IndexCache?
    private let compressionLevel: Int32
    private let isReadOnly: Bool
    private let warnUser: @Sendable (String) -> Void
    private let given = Mutex<Set<String>>([])
    private let indexes = Mutex<[WeakIndex]>([])

    private struct WeakIndex: Sendable {
        weak let index: StoredIndex?
    }

    /// Keeps indexes at `place`. `cache` is nil if there is none. Details are compressed with zstd's `compressionLevel`. If it
    /// `isReadOnly`, nothing is made or changed at either. `warn` is called with texts for the user.
    package init(
        _ place: Storage = .cache, in cache: IndexCache? = IndexCache(), compressionLevel: Int32 = 3,
        isReadOnly: Bool = false, warn: @escaping @Sendable (String) -> Void
    ) {
        self.place = place
        self.cache = cache
        self.compressionLevel = compressionLevel
        self.isReadOnly = isReadOnly
        warnUser = warn
    }

    /// The indexes in use.
    package var opened: [StoredIndex] {
        indexes.withLock { list in
            list.removeAll { $0.index == nil }
            return list.compactMap(\.index)
        }
    }

    /// Saves the unsaved parts of the indexes in use. If that fails, the user is warned.
    package func save() {
        for index in opened { index.saveQuietly(waiting: true) }
    }

    package func forImage(called name: String) -> any SeekIndexes {
        ImageIndexes(self, name)
    }

    package func forReference(called name: String) -> any SeekIndexes {
        ImageIndexes(self, name, isReference: true)
    }

    package func index(
        of file: any Source, _ kind: SeekKind, depth: Int, size: UInt64?,
        digest: () throws(ImageError) -> [UInt8]
    ) -> (any SeekIndex)? {
        forImage(called: "").index(of: file, kind, depth: depth, size: size, digest: digest)
    }

    /// Warns the user, of the same thing only once.
    func warn(_ text: String) {
        if given.withLock({ $0.insert(text).inserted }) { warnUser(text) }
    }

    /// The index of `subject`, in an image called `name`. It is kept at `place` unless `imageHasChanged`.
    func open(
        _ subject: IndexSubject, name: String, at place: IndexLocation?,
        imageHasChanged: @escaping @Sendable () -> Bool
    ) -> StoredIndex {
        var stored: (index: IndexFile, identity: FileIdentity)?
        var obstacle: ImageError?
        do throws(ImageError) {
            try place?.requireTrust()
            stored = try place.flatMap { place throws(ImageError) in try load(place, subject) }
        } catch {
            warn("no seek index is used: \(error)")
            obstacle = error
        }
        if place == nil, !isReadOnly {
            obstacle = ImageError(
                .io,
                "there is no cache of seek indexes: neither XDG_CACHE_HOME nor HOME names a folder that "
                    + "belongs to this user")
            warn(
                "no seek index is kept: neither XDG_CACHE_HOME nor HOME names a folder that belongs to this "
                    + "user")
        }
        if stored != nil, !isReadOnly { place?.noteUse() }
        let index = StoredIndex(
            subject, name: name, place: obstacle == nil && !isReadOnly ? place : nil, obstacle: obstacle,
            stored: stored,
            other: stored == nil ? inCache(subject, unless: place) : nil, compressionLevel: compressionLevel,
            imageHasChanged: imageHasChanged, warn: warn)
        indexes.withLock { list in
            list.removeAll { $0.index == nil }
            list.append(WeakIndex(index: index))
        }
        return index
    }

    /// Loads the index of `subject` at `place`. Nil if no usable one is there, but one can be put there.
    ///
    /// Throws if none can be put there.
    private func load(
        _ place: IndexLocation, _ subject: IndexSubject
    ) throws(ImageError) -> (index: IndexFile, identity: FileIdentity)? {
        do throws(ImageError) {
            guard let found = try place.load() else { return nil }
            if found.index.subject == subject { return found }
            if place.cache == nil {
                warn("the given seek index belongs to another image, and will be replaced")
            }
        } catch {
            switch (error.code, isCached: place.cache != nil) {
            case (.corrupt, false), (.limit, false):
                warn("the given seek index is damaged, and will be replaced: \(error)")
            case (.refused, true):
                warn("the seek index in the cache is not used, and will be replaced: \(error)")
            case (.corrupt, true), (.limit, true), (.unsupported, true): break
            default: throw error
            }
        }
        return nil
    }

    /// The index of `subject` in the cache. It is the start of an index that the user named and that is not there yet.
    private func inCache(_ subject: IndexSubject, unless place: IndexLocation?) -> IndexFile? {
        guard let place, place.cache == nil, let cache else { return nil }
        let cached = IndexLocation(in: cache, subject.fingerprint, stamp: nil)
        guard (try? cached.requireTrust()) != nil, let index = try? cached.load()?.index,
            index.subject == subject
        else { return nil }
        return index
    }
}
