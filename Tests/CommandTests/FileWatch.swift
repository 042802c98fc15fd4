import Foundation
import Glibc
import TestSupport

/// Notices if anybody opens a file.
final class FileWatch {
    private let descriptor: Int32

    init(_ file: URL) throws {
        descriptor = inotify_init1(Int32(IN_NONBLOCK))
        guard unsafe inotify_add_watch(descriptor, file.path, UInt32(IN_OPEN)) >= 0 else {
            throw TestFailure("\(file.path) cannot be watched: error \(errno)")
        }
    }

    deinit { close(descriptor) }

    /// True if anybody has opened the file since the last call.
    var wasOpened: Bool {
        var events = [UInt8](repeating: 0, count: 4096)
        return unsafe read(descriptor, &events, events.count) > 0
    }
}
