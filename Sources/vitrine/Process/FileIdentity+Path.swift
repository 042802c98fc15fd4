import Glibc
import VitrineFormats

extension FileIdentity {
    /// The identity of the file called `path`; links are not followed. Nil if there is none.
    init?(ofPath path: SystemString) {
        var status = stat()
        guard unsafe lstat(path.terminated, &status) == 0 else { return nil }
        self.init(status)
    }
}
