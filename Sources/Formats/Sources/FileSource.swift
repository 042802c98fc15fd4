import CLinux
import Glibc

/// A file, or a block device, read with pread.
///
/// It is never mapped into memory: a file that shrinks underneath would then be a SIGBUS for the whole process, while pread
/// fails one read.
package final class FileSource: Source {
    private let descriptor: Int32

    /// The size when the file was opened.
    package let size: UInt64

    package var cost: SourceCost { .file }

    /// The file system's stamp of it then. Nil for a device.
    private let openedStamp: FileStamp?

    /// Opens the file or block device at `path`.
    ///
    /// Throws `io` with the system's words if that fails, and `unsupported` for everything without fixed bytes to read: directories,
    /// pipes, sockets, terminals.
    package convenience init(path: SystemString) throws(ImageError) {
        // O_NONBLOCK: opening a named pipe must not wait for a writer.
        let descriptor = unsafe open(path.terminated, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        try self.init(descriptor: descriptor)
    }

    /// Opens the file or block device at `path`, which is UTF-8.
    package convenience init(path: String) throws(ImageError) {
        try self.init(path: SystemString(path))
    }

    /// Takes over `descriptor`, of an open file or block device, and closes it in the end, or if this throws.
    ///
    /// Throws the same as `init(path:)`.
    package init(descriptor: Int32) throws(ImageError) {
        do {
            size = try Self.size(of: descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        openedStamp = Self.stamp(of: descriptor)
    }

    /// The identity of the file. Nil for a device.
    package var identity: FileIdentity? { openedStamp?.identity }

    /// The file system's stamp of the file now. Nil for a device, whose content changes without a trace there.
    package func stamp() -> FileStamp? { Self.stamp(of: descriptor) }

    private static func stamp(of descriptor: Int32) -> FileStamp? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        func nanoseconds(_ time: timespec) -> Int64 {
            Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        }
        return FileStamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: UInt64(max(0, status.st_size)),
            modified: nanoseconds(status.st_mtim), changed: nanoseconds(status.st_ctim))
    }

    /// True if the content has been written to since the file was opened, by what the file system says. False for a device.
    ///
    /// Changes of other facts about it do not count, for instance when it is renamed or removed.
    package var hasChanged: Bool {
        guard let openedStamp, let now = stamp() else { return false }
        return openedStamp.size != now.size || openedStamp.modified != now.modified
    }

    /// True if another process is known to have it open for writing. Only qemu, and programs that keep to its locks, make it known.
    ///
    /// A lock on byte 101 of an image is held for the permission to write, one on byte 103 for the permission to resize
    /// (RAW_LOCK_PERM_BASE and BLK_PERM_* of qemu's block layer; "Image locking" in its documentation).
    package var isOpenForWriting: Bool {
        [101, 103].contains { vitrine_is_locked(descriptor, $0) == 1 }
    }

    /// The bytes of disk that the file takes now. Nil if the file system does not say.
    package func sizeOnDisk() -> UInt64? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        // st_blocks counts 512 bytes, whatever the file system's blocks are.
        return UInt64(max(0, status.st_blocks)).multipliedReportingOverflow(by: 512).partialValue
    }

    deinit {
        close(descriptor)
    }

    private static func size(of descriptor: Int32) throws(ImageError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw ImageError(.io, systemMessage(errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            return UInt64(max(0, status.st_size))
        case S_IFBLK:
            var size: UInt64 = 0
            guard unsafe vitrine_block_device_size(descriptor, &size) == 0 else {
                throw ImageError(.io, "size of the block device: \(systemMessage(errno))")
            }
            return size
        case S_IFDIR:
            throw ImageError(.unsupported, "is a directory, not a disk image")
        default:
            throw ImageError(.unsupported, "is neither a file nor a block device")
        }
    }

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        var done = 0
        while done < buffer.count {
            let rest = done
            let count = unsafe buffer.withUnsafeMutableBufferPointer { target in
                unsafe pread(
                    descriptor, target.extracting(rest...).baseAddress, target.count - rest,
                    off_t(offset) + off_t(rest))
            }
            if count > 0 {
                done += count
            } else if count == 0 {
                throw ImageError(
                    .io,
                    "nothing is left at \(offset + UInt64(done)) of the file, which held \(size) bytes when it was opened"
                )
            } else if errno != EINTR {
                throw ImageError(
                    .io, "read of \(buffer.count) bytes at \(offset): \(systemMessage(errno))")
            }
        }
    }

    package func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        // Anything less than all bytes, an error included, is left to `fill`.
        unsafe buffer.withUnsafeMutableBufferPointer { target in
            unsafe vitrine_pread_nowait(descriptor, target.baseAddress, target.count, off_t(offset))
                == target.count
        }
    }

    package func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        // At once, too: the kernel has the metadata of a file in use in memory.
        let data = vitrine_next_data(descriptor, off_t(range.lowerBound))
        if data < 0 {
            // ENXIO: no data until the end. Any other error: the file cannot tell. A file that has shrunk has no data there
            // either, but no zeroes: its bytes are gone, and reading them must fail.
            guard errno == ENXIO, try Self.size(of: descriptor) >= range.upperBound else {
                return Extent(range, .data)
            }
            return Extent(range, .hole)
        }
        if UInt64(data) > range.lowerBound {
            return Extent(range.lowerBound..<min(UInt64(data), range.upperBound), .hole)
        }
        let hole = vitrine_next_hole(descriptor, off_t(range.lowerBound))
        // A hole at or before the start can only mean that the file changed meanwhile.
        guard hole > data else { return Extent(range, .data) }
        return Extent(range.lowerBound..<min(UInt64(hole), range.upperBound), .data)
    }

    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        // This is advice, which the kernel may ignore, so its answer may be ignored too.
        _ = posix_fadvise(
            descriptor, off_t(range.lowerBound), off_t(range.upperBound - range.lowerBound),
            POSIX_FADV_WILLNEED)
    }
}
