import Glibc
import VitrineFormats

/// A file that has a temporary name until it is complete.
///
/// It is removed if it is let go of before that. A killed process leaves it behind, and a later process removes it.
final class NewFile {
    /// The age in nanoseconds from which files that killed processes left are removed: a day.
    static let leftoverAge: Int64 = 24 * 3600 * 1_000_000_000

    /// The identity of the file, which it keeps once it is in place.
    let identity: FileIdentity

    private let folder: Folder
    private let name: SystemString
    private let temporaryName: SystemString
    /// The open file; -1 once it is sealed.
    private var descriptor: Int32
    private var isInPlace = false

    /// Makes a file in `folder` that will be called `name`. It is for this user alone, or if it `isPublic`, for those the umask allows.
    ///
    /// Throws `io` if that fails.
    init(in folder: Folder, called name: SystemString, isPublic: Bool = false) throws(ImageError) {
        self.folder = folder
        self.name = name
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        temporaryName = name + SystemString(".tmp.\(getpid()).\(random)")
        (descriptor, identity) = try folder.create(temporaryName, isPublic: isPublic)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isInPlace { folder.remove(temporaryName) }
    }

    /// True if `name` is a temporary name, and if `final` is given, the temporary name of a file that will be called so.
    static func isTemporary(_ name: SystemString, of final: SystemString? = nil) -> Bool {
        let parts = name.bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count >= 4 else { return false }
        let end = parts.suffix(3).map { String(decoding: $0, as: UTF8.self) }
        guard end[0] == "tmp", UInt32(end[1]) != nil, UInt64(end[2], radix: 16) != nil else { return false }
        return final.map { parts.dropLast(3).joined(separator: ".".utf8).elementsEqual($0.bytes) } ?? true
    }

    /// Removes the files that killed processes left in `folder` more than a day ago. If `name` is given, removes only those that
    /// would have got this name.
    static func removeLeftovers(in folder: Folder, of name: SystemString? = nil) {
        var now = timespec()
        guard unsafe clock_gettime(CLOCK_REALTIME, &now) == 0 else { return }
        let limit = Int64(now.tv_sec) &* 1_000_000_000 &- leftoverAge
        for found in folder.names() where isTemporary(found, of: name) {
            if let status = folder.status(of: found), status.modified < limit { folder.remove(found) }
        }
    }

    /// Writes `bytes` at `offset`.
    ///
    /// Throws `io` if that fails, for instance because the disk is full.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(ImageError) {
        var done = 0
        while done < bytes.count {
            let rest = done
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe pwrite(
                    descriptor, bytes.baseAddress.map { unsafe $0 + rest }, bytes.count - rest,
                    off_t(offset) + off_t(rest))
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw ImageError(
                    .io, "\(folder.path)/\(name): \(systemMessage(count == 0 ? ENOSPC : errno))")
            }
        }
    }

    /// Ends the writing. If `durably`, waits until all of the file is on the disk. Returns the file, open for reading.
    ///
    /// Throws `io` if that fails.
    func seal(durably: Bool) throws(ImageError) -> FileSource {
        if durably {
            guard fsync(descriptor) == 0 else {
                throw ImageError(.io, "\(folder.path)/\(name): \(systemMessage(errno))")
            }
        }
        let file = descriptor
        descriptor = -1
        return try FileSource(descriptor: file)
    }

    /// Gives the file its final name, and replaces the file that had it.
    ///
    /// Throws `io` if that fails.
    func putInPlace() throws(ImageError) {
        try folder.rename(temporaryName, to: name)
        isInPlace = true
        folder.sync()
    }
}
