import Foundation
import Glibc

/// Starts `command` in a process group of its own, with `descriptors` as 0, 1, 2 and nothing else open, and with the
/// default action for all signals.
///
/// Foundation's Process gives its children a socket of its own, and considers one that has ended to be running while a
/// grandchild has that socket.
func spawn(_ command: [String], _ environment: [String: String], _ descriptors: [Int32]) throws -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    var all = sigset_t()
    var none = sigset_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    unsafe sigfillset(&all)
    unsafe sigemptyset(&none)
    defer {
        unsafe posix_spawn_file_actions_destroy(&actions)
        unsafe posix_spawnattr_destroy(&attributes)
    }
    for (target, descriptor) in descriptors.enumerated() {
        let error = unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
        guard error == 0 else { throw TestFailure("descriptor \(descriptor) as \(target): errno \(error)") }
    }
    // Marks all that is open here to be closed in the child, as some libraries do not.
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
        if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
        &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    let arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
    var id: Int32 = 0
    let error = unsafe posix_spawn(&id, command[0], &actions, &attributes, arguments, variables)
    guard error == 0 else { throw TestFailure("starting \(command[0]): errno \(error)") }
    return id
}
