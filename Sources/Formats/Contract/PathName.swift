/// The path of a file, as the names that it leads through. They are bytes, because to Linux a name is nothing more.
struct PathName: Equatable, Sendable {
    let isAbsolute: Bool

    /// The names. None is `.`, and none is empty.
    let names: [[UInt8]]

    init(_ names: [[UInt8]], isAbsolute: Bool = false) {
        self.names = names
        self.isAbsolute = isAbsolute
    }

    /// The path written as `text`.
    init(_ text: [UInt8]) {
        isAbsolute = text.first == UInt8(ascii: "/")
        names = text.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != Self.this }
    }

    private static let this = Array(".".utf8)
    static let parent = Array("..".utf8)

    /// True if `..` occurs in it.
    var leadsUp: Bool { names.contains(Self.parent) }

    /// The directory that the file is in.
    var directory: PathName { PathName(Array(names.dropLast()), isAbsolute: isAbsolute) }

    /// The path that this relative path leads to from `directory`.
    func from(_ directory: PathName) -> PathName {
        PathName(directory.names + names, isAbsolute: directory.isAbsolute)
    }

    /// The path that this relative path leads to from `directory`, a path without symbolic links. The `..` at its start go up from
    /// there.
    func resolved(from directory: PathName) -> PathName {
        let up = names.prefix { $0 == Self.parent }.count
        return PathName(
            Array(directory.names.dropLast(up) + names.dropFirst(up)), isAbsolute: directory.isAbsolute)
    }

    /// The relative path from `directory` to here. Nil if this path does not go through it.
    func relative(to directory: PathName) -> PathName? {
        guard isAbsolute == directory.isAbsolute, names.starts(with: directory.names) else { return nil }
        return PathName(Array(names.dropFirst(directory.names.count)))
    }

    /// The path, fit to be shown.
    var text: String {
        let start = isAbsolute ? "/" : names.isEmpty ? "." : ""
        return start + names.map { printable($0) }.joined(separator: "/")
    }

    /// The path as the system takes it: with a NUL at its end.
    var terminated: [CChar] {
        let start = isAbsolute ? [UInt8(ascii: "/")] : names.isEmpty ? Self.this : []
        return (start + names.joined(separator: [UInt8(ascii: "/")]) + [0]).map { CChar(bitPattern: $0) }
    }
}
