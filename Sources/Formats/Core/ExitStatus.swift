package import Glibc

/// Waits for the child `process`, and returns its exit status. If a signal ended it, that is 128 and the signal's number, as in
/// shells.
package func waitForExit(of process: pid_t) -> Int32 {
    var code: Int32 = 0
    while unsafe waitpid(process, &code, 0) < 0, errno == EINTR {}
    // Does the same as WIFSIGNALED and its like, which Swift does not import.
    return code & 0x7F == 0 ? (code >> 8) & 0xFF : 128 + (code & 0x7F)
}
