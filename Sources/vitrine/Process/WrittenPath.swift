import Glibc
import VitrineFormats

/// A path that a command writes to. Other paths that lead to the same file are recognised.
struct WrittenPath {
    /// The user's name for it: an option, or its purpose.
    private let title: String
    private let path: SystemString
    private let places: Set<Target>

    /// A place that two paths have in common if they lead to the same file.
    private enum Target: Hashable {
        case file(FileIdentity)
        /// A device, which may have a name, and so an inode, in more than one place.
        case device(dev_t)
        /// The name in a folder, whether or not a file has it.
        case entry(FileIdentity, SystemString)
    }

    /// The path that the user knows as `title`.
    init(_ title: String, _ path: SystemString) {
        self.title = title
        self.path = path
        places = Self.places(of: path)
    }

    /// Throws if two of `paths` are the same file, or one is the image at `image`.
    ///
    /// Must be called before the image is opened, because that may write its index.
    static func requireDistinct(_ paths: [WrittenPath], from image: SystemString) throws(CommandError) {
        let imagePlaces = places(of: image)
        for (number, path) in paths.enumerated() {
            guard path.places.isDisjoint(with: imagePlaces) else {
                throw CommandError("\(path.path) is the image itself")
            }
            if let other = paths[..<number].first(where: { !$0.places.isDisjoint(with: path.places) }) {
                throw CommandError(
                    "\(path.path) (\(path.title)) is the same file as \(other.path) (\(other.title))")
            }
        }
    }

    /// Throws if one of `paths` is one of the other `files` that an image is read from.
    static func requireDistinct(
        _ paths: [WrittenPath], from files: Set<FileIdentity>
    ) throws(CommandError) {
        let filePlaces = Set(files.map { Target.file($0) })
        if let path = paths.first(where: { !$0.places.isDisjoint(with: filePlaces) }) {
            throw CommandError("\(path.path) is a file that the image is read from")
        }
    }

    private static func places(of path: SystemString) -> Set<Target> {
        var places: Set<Target> = []
        var status = stat()
        if unsafe stat(path.terminated, &status) == 0 {
            places.insert(.file(FileIdentity(status)))
            if status.st_mode & S_IFMT == S_IFBLK { places.insert(.device(status.st_rdev)) }
        }
        // Nothing is written through a link that leads nowhere, so its target does not matter.
        let (folder, name) = path.splitAtLastSlash
        let parent: SystemString = folder.bytes.isEmpty ? "." : folder
        if unsafe stat(parent.terminated, &status) == 0 {
            places.insert(.entry(FileIdentity(status), name))
        }
        return places
    }
}
