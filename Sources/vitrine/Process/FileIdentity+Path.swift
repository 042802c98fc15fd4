import Glibc
import VitrineFormats

extension FileIdentity {
    /// The identity of what is called `path`, a link not followed; nil where nothing is.
    init?(ofPath path: SystemString) {
        var status = stat()
        guard unsafe lstat(path.terminated, &status) == 0 else { return nil }
        self.init(status)
    }
}
