import Glibc

/// A block device. It goes when its descriptor and the mounts of it have gone.
///
/// Used by one thread, whose descriptors are its own.
struct BlockDevice: ~Copyable {
    /// The path of the device.
    let path: String

    private let descriptor: Int32

    /// The device at `path`, which the open `descriptor` holds.
    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
