/// A folder that may be the root of an operating system. No link leads out of it.
package protocol RootFolder: ~Copyable {
    /// The first `limit` bytes of the file at `path`. Nil if it cannot be read.
    func content(of path: String, limit: Int) -> [UInt8]?

    /// True if there is something at `path`.
    func holds(_ path: String) -> Bool

    /// The first names in the folder at `path`, in order, without those that start with a dot.
    func names(in path: String) -> [String]
}
