import CLinux
import Glibc
import VitrineFormats

/// A folder in a mount, taken as the root of what is in it: no link leads out of it.
///
/// Used by one thread, whose descriptors are its own.
struct MountedFolder: RootFolder, ~Copyable {
    private let descriptor: Int32

    /// The most names that are read of a folder.
    private static let maximumNames = 16

    /// The root of `mount`. Nil if it cannot be opened.
    init?(rootOf mount: borrowing DetachedMount) { self.init(".", in: mount) }

    /// The folder at `path` in `mount`. Nil if there is none.
    init?(_ path: SystemString, in mount: borrowing DetachedMount) {
        let folder = unsafe vitrine_open_folder_in_root(mount.descriptor, path.terminated)
        guard folder >= 0 else { return nil }
        descriptor = folder
    }

    /// The directory with the absolute `path`. Nil if there is none.
    init?(at path: SystemString) {
        let folder = unsafe vitrine_open_directory(path.terminated)
        guard folder >= 0 else { return nil }
        descriptor = folder
    }

    deinit { close(descriptor) }

    /// The first `limit` bytes of the file at `path`. Nil if it cannot be read.
    func content(of path: String, limit: Int) -> [UInt8]? {
        let file = unsafe vitrine_open_in_root(descriptor, path)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        return count < 0 ? nil : Array(bytes[..<count])
    }

    /// True if there is something at `path`.
    func holds(_ path: String) -> Bool {
        let file = unsafe vitrine_open_in_root(descriptor, path)
        guard file >= 0 else { return false }
        close(file)
        return true
    }

    /// The first names in the folder at `path`, in order, without those that start with a dot.
    func names(in path: String) -> [String] {
        let folder = unsafe vitrine_open_in_root(descriptor, path)
        guard folder >= 0 else { return [] }
        guard let stream = unsafe fdopendir(folder) else {
            close(folder)
            return []
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while names.count < Self.maximumNames, let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe SystemString(cString: $0)
                }
            }
            if name.bytes.first != UInt8(ascii: "."), name.isUTF8 { names.append(name.text) }
        }
        return names.sorted()
    }
}
