import Glibc

/// The number of files that a process may have open (RLIMIT_NOFILE): a disk may be in thousands.
enum OpenFileLimit {
    /// Raises it to the most that this user may have. Programs start with 1024 even if more are allowed.
    static func raise() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // If this fails, the limit stays, and opening one file too many says so.
        _ = unsafe setrlimit(resource, &limit)
    }
}
