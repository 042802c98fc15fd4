import CLinux
import Glibc

extension Directory {
    /// The most entries of a directory that are looked at for a listing.
    private static let maximumEntries = 10_000

    /// True if nothing is at the absolute `path`. False if that cannot be told without following a link, opening a file or causing
    /// something to be mounted.
    static func isMissing(_ path: PathName) -> Bool {
        let root = unsafe vitrine_open_directory("/")
        guard path.isAbsolute, root >= 0 else { return false }
        var place = Descriptor(root)
        for name in path.names {
            // O_PATH does not cause anything to be mounted either.
            let text = PathName([name]).terminated
            let next = unsafe vitrine_open_step(place.number, text)
            guard next >= 0 else { return errno == ENOENT || errno == ENOTDIR }
            place = Descriptor(next)
            guard let status = try? place.status(), status.st_mode & S_IFMT != S_IFLNK else { return false }
        }
        return false
    }

    /// The names of regular files in the directory at `path` within this one, in order.
    func fileNames(in path: PathName) -> [String] {
        guard let place = try? place(path, flags: O_DIRECTORY) else { return [] }
        let number = unsafe Glibc.open(place.procName, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return [] }
        guard let stream = unsafe fdopendir(number) else {
            close(number)
            return []
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        var entries = 0
        while entries < Self.maximumEntries, let entry = unsafe readdir(stream) {
            entries += 1
            guard unsafe entry.pointee.d_type == UInt8(DT_REG) else { continue }
            let bytes = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
                unsafe Array(name.prefix { $0 != 0 })
            }
            names.append(printable(bytes))
        }
        return names.sorted()
    }
}
