import CLinux
import Glibc
import VitrineFormats

/// The destination of a copy, as the user gave it. It is checked, so that nothing is overwritten by accident.
struct CopyDestination {
    /// A path, or `-` for standard output.
    let path: SystemString
    /// True if what is there may be overwritten.
    let mayOverwrite: Bool

    /// Opens it for a copy of `size` bytes.
    ///
    /// Throws a text for the user if it cannot be written to, or should not be.
    func open(size: UInt64) throws(CommandError) -> any CopyTarget {
        if path == "-" { return try standardOutput() }
        let descriptor = unsafe Glibc.open(path.terminated, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if descriptor >= 0 {
            return try FileTarget(WritableFile("\(path)", descriptor), size: size, madeAt: path)
        }
        guard errno == EEXIST else { throw CommandError("\(path): \(systemMessage(errno))") }
        return try existing(size: size)
    }

    private func standardOutput() throws(CommandError) -> any CopyTarget {
        guard isatty(STDOUT_FILENO) == 0 else {
            throw CommandError(
                "standard output is a terminal: redirect it to a file or a program, or give a file instead "
                    + "of -")
        }
        return StreamTarget(try WritableFile.standardOutput())
    }

    /// Opens the file or device that is there already.
    private func existing(size: UInt64) throws(CommandError) -> any CopyTarget {
        var status = stat()
        guard unsafe stat(path.terminated, &status) == 0 else {
            throw CommandError("\(path) is a symbolic link whose target does not exist")
        }
        let kind = status.st_mode & S_IFMT
        switch kind {
        case S_IFREG, S_IFBLK: break
        case S_IFDIR: throw CommandError("\(path) is a directory: give the name of a file")
        default:
            throw CommandError(
                "\(path) is neither a file nor a block device; to write to standard output, give - instead")
        }
        guard mayOverwrite else {
            throw CommandError(
                kind == S_IFREG
                    ? "\(path) exists already; --force overwrites it"
                    : "\(path) is a block device; --force overwrites what is on it")
        }
        // For a device O_EXCL means that nobody else may use it, the kernel included: it is not mounted.
        // O_NONBLOCK: if it has become a named pipe meanwhile, this must not wait for a reader.
        let flags = O_WRONLY | O_CLOEXEC | O_NONBLOCK | (kind == S_IFBLK ? O_EXCL : 0)
        let descriptor = unsafe Glibc.open(path.terminated, flags)
        guard descriptor >= 0 else {
            let reason = systemMessage(errno)
            throw CommandError(errno == EBUSY ? "\(path) is in use: is it mounted?" : "\(path): \(reason)")
        }
        let file = WritableFile("\(path)", descriptor)
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == kind else {
            throw CommandError("\(path) was replaced by something else while it was being opened")
        }
        guard kind == S_IFBLK else { return try FileTarget(file, size: size) }
        var capacity: UInt64 = 0
        guard unsafe vitrine_block_device_size(descriptor, &capacity) == 0 else { throw file.failure() }
        return try DeviceTarget(file, capacity: capacity, size: size)
    }
}
