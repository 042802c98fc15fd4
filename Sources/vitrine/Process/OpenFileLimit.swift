import Glibc

/// How many files a process may have open (RLIMIT_NOFILE): a disk may be in thousands.
enum OpenFileLimit {
    /// Raises it as far as this user may; programs start with 1024 where more are allowed.
    static func raise() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // Otherwise it stays as it is, and opening one too many says so.
        _ = unsafe setrlimit(resource, &limit)
    }
}
