import CLinux
import Glibc
import VitrineFormats

/// fusermount3, the program by which users without root mount and unmount what their own processes serve.
enum Fusermount {
    private static let name: SystemString = "fusermount3"
    private static let package = "fuse3"

    /// Mounts a new connection read-only at the directory `path`. `tag` is what it is shown as. Returns the connection's descriptor
    /// of /dev/fuse.
    ///
    /// Throws what the program says.
    static func mount(at path: SystemString, _ tag: MountTag) throws(MountError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard unsafe vitrine_make_socket_pair(&ends) == 0 else { throw MountError(systemMessage(errno)) }
        defer { close(ends[0]) }
        let options =
            "ro,nosuid,nodev,subtype=vitrine,max_read=\(FUSEServer.maximumRead),fsname=" + escaped(tag.text)
        let program: ExternalProgram
        do throws(MountError) {
            program = try ExternalProgram(
                [name, "-o", SystemString(options), "--", path], in: package,
                variable: "_FUSE_COMMFD=\(ExternalProgram.passedDescriptor)", passing: ends[1])
        } catch {
            close(ends[1])
            throw error
        }
        // Only the program has this end now: if it ends, so does the wait for the descriptor.
        close(ends[1])
        let descriptor = vitrine_receive_descriptor(ends[0])
        let (status, lines) = program.wait()
        guard descriptor >= 0 else { throw MountError(text(lines, status)) }
        return descriptor
    }

    /// Unmounts what is mounted at `path`; if `lazily`, it goes at once for those who come later, and for others when they let it go.
    ///
    /// Throws what the program says.
    static func unmount(_ path: SystemString, lazily: Bool) throws(MountError) {
        let arguments: [SystemString] = [name, "-u"] + (lazily ? ["-z"] : []) + ["--", path]
        let (status, lines) = try ExternalProgram(arguments, in: package).wait()
        guard status == 0 else {
            let text = text(lines, status)
            throw MountError(text, remedy: text.hasSuffix(systemMessage(EBUSY)) ? .waiting : nil)
        }
    }

    /// A value of an option: commas separate options, unless a backslash is in front.
    static func escaped(_ value: String) -> String {
        value.reduce(into: "") { $0 += [",", "\\"].contains($1) ? "\\\($1)" : "\($1)" }
    }

    /// The error that the program wrote in `lines`, or if it wrote none, its exit status.
    private static func text(_ lines: [String], _ status: Int32) -> String {
        lines.isEmpty ? "\(name) ended with exit status \(status)" : lines.joined(separator: "; ")
    }
}
