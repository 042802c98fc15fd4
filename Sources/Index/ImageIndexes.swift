import Synchronization
import VitrineFormats

/// Finds the seek indexes of the layers of one image.
final class ImageIndexes: SeekIndexes {
    private let finder: IndexFinder
    private let name: String
    private let isReference: Bool
    /// The fingerprint of the file on disk, once its layer has been asked about.
    private let outermost = Mutex<Fingerprint?>(nil)
    private let file = Mutex<FileSource?>(nil)

    /// The indexes of an image called `name`, or if it `isReference`, of another file that an image names so.
    init(_ finder: IndexFinder, _ name: String, isReference: Bool = false) {
        self.finder = finder
        self.name = name
        self.isReference = isReference
    }

    func forReference(called name: String) -> any SeekIndexes { finder.forReference(called: name) }

    func index(
        of file: any Source, _ kind: SeekKind, depth: Int, size: UInt64?,
        digest: () throws(ImageError) -> [UInt8]
    ) -> (any SeekIndex)? {
        if case .nowhere = finder.place { return nil }
        let onDisk = depth == 0 ? file as? FileSource : nil
        let stamp = onDisk?.stamp()
        // Changes of this file count for the layers inside it, too.
        let watched = self.file.withLock { kept in
            kept = kept ?? onDisk
            return kept
        }
        guard let fingerprint = fingerprint(of: file, stamp, kind.name, depth, digest) else { return nil }
        let subject = IndexSubject(
            kind: kind.number, fingerprint: fingerprint, inputSize: file.size, size: size)
        return finder.open(subject, name: name, at: place(of: fingerprint, stamp, depth)) {
            watched?.hasChanged ?? false
        }
    }

    /// The fingerprint of the layer. Nil, with a warning, if the data for it cannot be read.
    private func fingerprint(
        of file: any Source, _ stamp: FileStamp?, _ format: String, _ depth: Int,
        _ digest: () throws(ImageError) -> [UInt8]
    ) -> Fingerprint? {
        guard depth == 0 else {
            // Taking samples of an inner layer would mean decoding it.
            return outermost.withLock { $0 }.map { Fingerprint(of: format, depth: depth, in: $0) }
        }
        let noted = stamp.flatMap { finder.cache?.fingerprint(of: $0) }
        do throws(ImageError) {
            let fingerprint =
                if let noted { noted } else { try Fingerprint(of: file, format: format, digest: digest()) }
            outermost.withLock { $0 = fingerprint }
            return fingerprint
        } catch {
            finder.warn(
                "no seek index is used or kept, because the image's fingerprint cannot be computed: \(error)")
            return nil
        }
    }

    private func place(of fingerprint: Fingerprint, _ stamp: FileStamp?, _ depth: Int) -> IndexLocation? {
        if depth == 0, !isReference, case .file(let path) = finder.place { return IndexLocation(path: path) }
        return finder.cache.map { IndexLocation(in: $0, fingerprint, stamp: stamp) }
    }
}
