package import Glibc
package import VitrineFormats

extension sockaddr_un {
    /// The address of the Unix socket at `path`. SwiftNIO takes only paths that are UTF-8.
    ///
    /// Throws if the path is too long for one.
    package init(_ path: SystemString) throws(ServerError) {
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        let bytes = path.bytes
        // A NUL must follow it.
        let isTooLong = unsafe withUnsafeMutableBytes(of: &sun_path) { target in
            guard bytes.count < target.count else { return true }
            unsafe target.copyBytes(from: bytes)
            return false
        }
        if isTooLong { throw ServerError("\(path): is too long for the path of a Unix socket") }
    }
}
