import CLinux
import Glibc
import VitrineFiles
import VitrineFormats

/// Copies files out of an image: regular files, directories and symbolic links.
///
/// Nothing is written through a link that is there, or that was just made: all but the first directory is opened by its name alone.
struct FileExtraction {
    /// True if the owners are kept too, and setuid, setgid and sticky. Takes root.
    let keepsOwners: Bool
    /// True if files that are there may be replaced.
    let mayOverwrite: Bool
    let problems: FileProblems

    /// The most directories one in the other. Each takes descriptors.
    private static let maximumDepth = 256

    /// A place to copy to: a name in an open directory.
    struct Place {
        let directory: Int32
        let name: SystemString
        /// The path of it, for messages.
        let path: SystemString

        /// The place called `name` in the directory that is here, and open as `descriptor`.
        func inside(_ descriptor: Int32, _ name: SystemString) -> Place {
            Place(directory: descriptor, name: name, path: path + "/" + name)
        }

        func failure() -> CommandError { CommandError(systemMessage(errno)) }
    }

    /// Copies `file`, and if it is a directory, all that is in it. Reports what cannot be copied.
    func copy(_ file: any FileNode, to place: Place, depth: Int = 0) {
        problems.reporting(place.path) {
            switch file.attributes.kind {
            case .regular: try copyContent(of: file, to: place)
            case .directory: try copyDirectory(file, to: place, depth)
            case .link: try copyLink(file, to: place)
            default:
                throw CommandError(
                    "left out: it is a \(file.attributes.kind.rawValue) (vitrine tar has these too)")
            }
        }
    }

    private func copyContent(of file: any FileNode, to place: Place) throws {
        let content = try file.content()
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var descriptor = unsafe openat(place.directory, place.name.terminated, flags, 0o600)
        if descriptor < 0, errno == EEXIST {
            try remove(place)
            descriptor = unsafe openat(place.directory, place.name.terminated, flags, 0o600)
        }
        guard descriptor >= 0 else { throw place.failure() }
        let output = WritableFile("\(place.path)", descriptor)
        do {
            let target = try FileTarget(output, size: content.size)
            try FileContent(content).write(to: target)
            try finish(descriptor, file.attributes)
            try target.finish()
        } catch {
            // A part of it must not be taken for all.
            unsafe unlinkat(place.directory, place.name.terminated, 0)
            throw error
        }
    }

    private func copyDirectory(_ file: any FileNode, to place: Place, _ depth: Int) throws {
        guard depth < Self.maximumDepth else {
            throw CommandError("left out: it is inside of \(depth) directories")
        }
        let entries = try file.entries().sorted { $0.number < $1.number }
        let isNew = unsafe mkdirat(place.directory, place.name.terminated, 0o700) == 0
        guard isNew || errno == EEXIST else { throw place.failure() }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe openat(place.directory, place.name.terminated, flags)
        guard descriptor >= 0 else { throw place.failure() }
        defer { close(descriptor) }
        for entry in entries where !file.isLost {
            let inner = place.inside(descriptor, entry.name)
            problems.reporting(inner.path) {
                copy(try file.file(of: entry), to: inner, depth: depth + 1)
            }
        }
        // Last, as it may not let anybody write into it, and its time changes with each file.
        if isNew { try finish(descriptor, file.attributes) }
    }

    private func copyLink(_ file: any FileNode, to place: Place) throws {
        let target = try file.target()
        func make() -> Bool {
            unsafe symlinkat(target.terminated, place.directory, place.name.terminated) == 0
        }
        if !make() {
            guard errno == EEXIST else { throw place.failure() }
            try remove(place)
            guard make() else { throw place.failure() }
        }
        let attributes = file.attributes
        if keepsOwners {
            unsafe fchownat(
                place.directory, place.name.terminated, attributes.user, attributes.group,
                AT_SYMLINK_NOFOLLOW)
        }
        var times = Self.times(attributes)
        unsafe utimensat(place.directory, place.name.terminated, &times, AT_SYMLINK_NOFOLLOW)
    }

    /// Removes what is at `place`, if that is allowed, and no directory.
    private func remove(_ place: Place) throws(CommandError) {
        guard mayOverwrite else { throw CommandError("exists already; --force replaces it") }
        guard unsafe unlinkat(place.directory, place.name.terminated, 0) == 0 else { throw place.failure() }
    }

    /// Gives the new file or directory its permissions and times.
    private func finish(_ descriptor: Int32, _ attributes: FileAttributes) throws(CommandError) {
        var mask: UInt32 = 0o777
        if keepsOwners {
            guard fchown(descriptor, attributes.user, attributes.group) == 0 else {
                throw CommandError("its owner cannot be set: \(systemMessage(errno))")
            }
            mask = 0o7777
        }
        var times = Self.times(attributes)
        guard fchmod(descriptor, attributes.permissions & mask) == 0,
            unsafe futimens(descriptor, &times) == 0
        else { throw CommandError(systemMessage(errno)) }
    }

    /// The times of access and of change that the copy gets.
    private static func times(_ attributes: FileAttributes) -> [timespec] {
        let time = timespec(tv_sec: Int(attributes.seconds), tv_nsec: Int(attributes.nanoseconds))
        return [time, time]
    }
}
