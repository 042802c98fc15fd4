import CLinux
import Glibc
import VitrineFormats

/// The subvolumes of a btrfs, as the kernel lists them.
struct BtrfsSubvolumes {
    /// A subvolume.
    struct Subvolume: Equatable {
        let number: UInt64

        /// The path from the top of the file system on.
        let path: SystemString
    }

    /// The number of the subvolume that holds all others.
    static let top: UInt64 = 5

    /// In the order in which they were made. Without the one at the top.
    let all: [Subvolume]

    /// The most subvolumes that are read.
    private static let maximum = 4096

    /// The most times that the kernel is asked for a part of the list.
    private static let maximumSearches = 10_000

    /// The most subvolumes that one may lie in.
    private static let maximumDepth = 64

    /// Those of the btrfs mounted as `mount`.
    ///
    /// Throws if the kernel does not list them.
    init(of mount: borrowing DetachedMount) throws(MountError) {
        // The descriptor of a mount is only a place.
        let folder = unsafe vitrine_open_in_root(mount.descriptor, ".")
        guard folder >= 0 else { throw MountError("the subvolumes: \(systemMessage(errno))") }
        defer { close(folder) }
        let references = try Self.references(folder)
        var paths: [UInt64: SystemString] = [:]
        let parents = Dictionary(references.map { ($0.number, $0) }) { first, _ in first }
        for reference in references {
            var path = reference.path
            var place = reference
            for _ in 0..<Self.maximumDepth {
                guard let outer = parents[place.parent] else { break }
                path = outer.path + "/" + path
                place = outer
            }
            if place.parent == Self.top { paths[reference.number] = path }
        }
        all = paths.sorted { $0.key < $1.key }.map { Subvolume(number: $0.key, path: $0.value) }
    }

    /// The subvolume that `text` means: its path, or its number. Nil if there is none.
    func find(_ text: SystemString) -> Subvolume? {
        let path = SystemString(bytes: Array(text.names.map(\.bytes).joined(separator: [UInt8(ascii: "/")])))
        if path == "" || text == SystemString("\(Self.top)") { return Subvolume(number: Self.top, path: "/") }
        return all.first { $0.path == path } ?? all.first { text == SystemString("\($0.number)") }
    }

    /// Those in which a root may lie, the likeliest first: what Debian, Ubuntu and Fedora call it comes before the others.
    var likelyRoots: [Subvolume] {
        let names: [SystemString] = ["@", "root", "@root", "@rootfs"]
        let named = names.compactMap { name in all.first { $0.path == name } }
        return named + all.filter { !names.contains($0.path) }.prefix(Self.maximumLooked)
    }

    /// The most subvolumes without a usual name that are looked into.
    private static let maximumLooked = 64

    // MARK: Reading the tree of roots

    /// A ROOT_BACKREF: a subvolume, and its place in the one that holds it.
    private struct Reference {
        let number: UInt64
        let parent: UInt64

        /// The path in the parent.
        let path: SystemString
    }

    /// The type of a ROOT_BACKREF's key (Linux, include/uapi/linux/btrfs_tree.h).
    private static let referenceType: UInt32 = 144

    /// All references, from the tree that the directory `folder` leads to.
    ///
    ///     btrfs_ioctl_search_header, in front of each item:
    ///      0  transid   8
    ///      8  objectid  8   the subvolume
    ///     16  offset    8   the parent
    ///     24  type      4
    ///     28  len       4   of the item
    ///
    ///     btrfs_root_ref, the item, little-endian:
    ///      0  dirid     8   the directory in the parent
    ///      8  sequence  8
    ///     16  name_len  2
    ///     18  name
    private static func references(_ folder: Int32) throws(MountError) -> [Reference] {
        var found: [Reference] = []
        var (object, type, offset): (UInt64, UInt8, UInt64) = (256, 0, 0)
        for _ in 0..<maximumSearches where found.count < maximum {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe vitrine_find_btrfs_roots(folder, object, type, offset, $0.baseAddress)
            }
            guard count >= 0 else { throw MountError("the subvolumes: \(systemMessage(errno))") }
            if count == 0 { return found }
            do throws(ImageError) {
                let fields = Fields(buffer, at: 0)
                var place = 0
                for _ in 0..<count {
                    object = try fields.little("objectid", at: place + 8)
                    offset = try fields.little("offset", at: place + 16)
                    let itemType: UInt32 = try fields.little("type", at: place + 24)
                    let length: UInt32 = try fields.little("len", at: place + 28)
                    type = UInt8(truncatingIfNeeded: itemType)
                    if itemType == referenceType {
                        let folderNumber: UInt64 = try fields.little("dirid", at: place + 32)
                        let nameLength: UInt16 = try fields.little("name_len", at: place + 48)
                        let name = try fields.slice("name", at: place + 50, count: Int(nameLength))
                        let above = path(of: folderNumber, in: offset, folder)
                        found.append(
                            Reference(number: object, parent: offset, path: above + SystemString(bytes: name))
                        )
                    }
                    place += 32 + Int(length)
                }
            } catch {
                throw MountError("the subvolumes: \(error)")
            }
            // The next key.
            if offset < .max {
                offset += 1
            } else if type < .max {
                (type, offset) = (type + 1, 0)
            } else if object < .max {
                (object, type, offset) = (object + 1, 0, 0)
            } else {
                return found
            }
        }
        return found
    }

    /// The path of the directory `inode` in the subvolume `tree`, with a slash at its end. Empty for the root.
    private static func path(of inode: UInt64, in tree: UInt64, _ folder: Int32) -> SystemString {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard unsafe vitrine_find_btrfs_path(folder, tree, inode, &buffer) == 0 else { return "" }
        return SystemString(bytes: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }
}
