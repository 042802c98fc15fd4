import Glibc
package import VitrineFormats
import VitrineMount

/// The files of a file system, by their paths. Nothing leads out of it: its root is its own parent, and where absolute links start.
package struct FileTree {
    package let root: any FileNode

    /// The most symbolic links on the way to a file, as in Linux.
    private static let maximumLinks = 40

    /// The most bytes of a path (PATH_MAX), and of a name in it (NAME_MAX).
    private static let maximumPath = 4095
    private static let maximumName = 255

    package init(root: any FileNode) {
        self.root = root
    }

    /// The file that `path` leads to from the root. A symbolic link at its end is followed if it `followsLast`.
    ///
    /// Throws the system's words for it if there is none.
    package func file(at path: SystemString, followsLast: Bool = true) throws(ImageError) -> any FileNode {
        guard path.bytes.count <= Self.maximumPath else { throw Self.failure(ENAMETOOLONG) }
        /// The directories on the way, each the parent of the one behind it.
        var way: [any FileNode] = [root]
        /// The names that are left, the next one last.
        var names = Array(path.names.reversed())
        var links = 0
        // What a slash follows is a directory, to which a link may lead.
        let mustBeDirectory = path.bytes.last == UInt8(ascii: "/")
        while let name = names.popLast() {
            let place = way[way.count - 1]
            guard place.attributes.kind == .directory else { throw Self.failure(ENOTDIR) }
            if name == "." { continue }
            if name == ".." {
                if way.count > 1 { way.removeLast() }
                continue
            }
            guard name.bytes.count <= Self.maximumName else { throw Self.failure(ENAMETOOLONG) }
            guard let found = try place.file(named: name) else { throw Self.failure(ENOENT) }
            guard found.attributes.kind == .link, !names.isEmpty || followsLast || mustBeDirectory else {
                way.append(found)
                continue
            }
            links += 1
            guard links <= Self.maximumLinks else { throw Self.failure(ELOOP) }
            let target = try found.target()
            guard !target.bytes.isEmpty else { throw Self.failure(ENOENT) }
            if target.isAbsolutePath { way = [root] }
            names += target.names.reversed()
        }
        let found = way[way.count - 1]
        if mustBeDirectory, found.attributes.kind != .directory { throw Self.failure(ENOTDIR) }
        return found
    }

    private static func failure(_ code: Int32) -> ImageError { ImageError(.io, systemMessage(code)) }
}

extension FileTree: RootFolder {
    /// The most names that are read of a folder.
    private static let maximumNames = 16

    package func content(of path: String, limit: Int) -> [UInt8]? {
        try? file(at: SystemString(path)).start(limit: limit)
    }

    package func holds(_ path: String) -> Bool { (try? file(at: SystemString(path))) != nil }

    package func names(in path: String) -> [String] {
        let entries = try? file(at: SystemString(path)).entries()
        let names = (entries ?? []).map(\.name).filter { $0.isUTF8 && $0.bytes.first != UInt8(ascii: ".") }
        return names.prefix(Self.maximumNames).map(\.text).sorted()
    }
}
