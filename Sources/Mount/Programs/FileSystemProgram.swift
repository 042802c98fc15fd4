import Glibc
import VitrineFormats

/// A program that shows the files of one kind of file system to the user who runs it, without root and without the kernel's own
/// code for it.
package enum FileSystemProgram: Sendable {
    case fuse2fs
    case squashfuse

    /// The kinds of file systems that there is a program for, in words.
    static let kinds = "ext2, ext3, ext4 and squashfs"

    /// The program for a file system of `kind`. Nil if there is none that shows it right.
    init?(kind: String) {
        switch kind {
        case "ext2", "ext3", "ext4": self = .fuse2fs
        case "squashfs": self = .squashfuse
        default: return nil
        }
    }

    /// The name of the program.
    package var name: String { self == .fuse2fs ? "fuse2fs" : "squashfuse_ll" }

    /// The Debian package that has it.
    package var debianPackage: String { self == .fuse2fs ? "fuse2fs" : "squashfuse" }

    /// The options without which the program would write to the file, or not show all files.
    package var options: String { self == .fuse2fs ? "ro,fakeroot,norecovery" : "ro" }

    /// What it takes for a file.
    var reader: FUSEFolder.File.Reader { self == .fuse2fs ? .fuse2fs : .programs }

    /// Lets the program show the file system of `kind` in the open `file` at the directory `path`. `tag` is what it is shown as. Returns the
    /// running program, which ends when it is unmounted, and is killed when this thread ends: what it gives then would not be right.
    ///
    /// Throws what the program says.
    func mount(
        _ file: Int32, _ kind: String, at path: SystemString, _ tag: MountTag
    ) throws(MountError) -> ExternalProgram {
        var options = "\(options),subtype=\(kind),fsname=\(Fusermount.escaped(tag.text))"
        if self == .fuse2fs {
            // If a read fails behind its start, fuse2fs gives less than was asked for. Only with direct_io, and without reading ahead,
            // does the kernel not take that for the end of the file, but asks again, and gets the error. Nothing ever changes.
            options +=
                ",no_default_opts,direct_io,max_readahead=0,use_ino,attr_timeout=86400,entry_timeout=86400"
        }
        var program = try start(file, options, at: path)
        if try isMounted(by: program, at: path) { return program }
        var lines = program.wait().lines
        // With libfuse 2, fuse2fs insists on an option that it does not know with libfuse 3.
        if lines.contains(where: { $0.contains("'nonempty'") }) {
            program = try start(file, options + ",nonempty", at: path)
            if try isMounted(by: program, at: path) { return program }
            lines = program.wait().lines
        }
        let words = Self.words(lines)
        throw MountError(words.isEmpty ? "\(name) does not mount it" : "\(name) does not mount it: \(words)")
    }

    private func start(
        _ file: Int32, _ options: String, at path: SystemString
    ) throws(MountError) -> ExternalProgram {
        let source: SystemString = SystemString("/proc/self/fd/\(ExternalProgram.passedDescriptor)")
        return try ExternalProgram(
            [SystemString(name), "-f", "-o", SystemString(options), source, path], in: debianPackage,
            passing: file, endsWithThread: true)
    }

    /// Waits until `program` has mounted something at `path`. Returns false if it has ended instead.
    private func isMounted(by program: ExternalProgram, at path: SystemString) throws(MountError) -> Bool {
        let before = MountInfo.top(at: path)
        return try program.wait { () throws(MountError) in MountInfo.top(at: path) != before }
    }

    /// The error in what a program wrote. Its advice to repair the file system is left out: the image is never written to, and the
    /// error may be that of a read.
    static func words(_ lines: [String]) -> String {
        lines.filter { !$0.contains("e2fsck") && $0 != "Mounting read-only." }
            .map { line in
                let path = "/proc/self/fd/\(ExternalProgram.passedDescriptor): "
                return line.hasPrefix(path) ? String(line.dropFirst(path.count)) : line
            }
            .joined(separator: "; ")
    }
}
