import Glibc

/// A file that tests change in ways that images never are.
final class FileHandleForTests {
    private let descriptor: Int32

    init?(_ path: String) {
        descriptor = unsafe open(path, O_RDWR)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8], at offset: Int) {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset)
        }
        precondition(count == bytes.count)
    }

    func truncate(to size: Int) {
        precondition(ftruncate(descriptor, size) == 0)
    }
}
