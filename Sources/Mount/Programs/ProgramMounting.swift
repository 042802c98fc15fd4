import CLinux
import Glibc
import VitrineFormats

/// The steps from the served files to a mount that a program makes, without root, on one thread, whose descriptors are its own.
struct ProgramMounting: ~Copyable {
    /// A served file, and what it holds.
    struct Part: Sendable {
        let candidate: MountCandidate
        let program: FileSystemProgram
        let file: FUSEFolder.File
    }

    private let path: SystemString
    private let tag: MountTag
    private let parts: [(part: Part, descriptor: Int32)]

    /// Opens the files of `parts`, which `server` serves at the directory `path`, and unmounts them: those who have them open still
    /// have them, and when all have let them go, the server ends.
    init(_ server: FUSEServer, _ parts: [Part], at path: SystemString, _ tag: MountTag) throws(MountError) {
        // Of this thread's copies alone.
        close(server.descriptor)
        self.path = path
        self.tag = tag
        var open: [(part: Part, descriptor: Int32)] = []
        var failure: MountError?
        let directory = unsafe vitrine_open_directory(path.terminated)
        for part in parts where failure == nil {
            let descriptor = unsafe vitrine_open_file(directory, part.file.name, 0)
            if descriptor < 0 {
                failure = MountError("the served file: \(systemMessage(errno))")
            } else {
                open.append((part, descriptor))
            }
        }
        if directory >= 0 { close(directory) }
        do throws(MountError) { try Fusermount.unmount(path, lazily: true) } catch {
            failure = failure ?? error
        }
        self.parts = open
        if let failure { throw failure }
    }

    deinit { for part in parts { close(part.descriptor) } }

    /// Mounts the first that holds an operating system. If it `isOnly` one, it is mounted whatever it holds. Returns the program that
    /// shows it too.
    consuming func mount(isOnly: Bool) throws(MountError) -> (MountedSystem, ExternalProgram) {
        var failures: [String] = []
        for (part, descriptor) in parts {
            let candidate = part.candidate
            let program: ExternalProgram
            do throws(MountError) {
                program = try part.program.mount(descriptor, candidate.fileSystem.kind, at: path, tag)
            } catch {
                failures.append("\(candidate.title): \(error)")
                continue
            }
            let system = Self.system(below: path)
            if system != nil || isOnly {
                let mounted = MountedSystem(
                    candidate: candidate, subvolume: nil, system: system,
                    journal: candidate.fileSystem.state == .journalToReplay ? .skipped : .none,
                    reason: candidate.reason ?? MountedSystem.reason(system),
                    program: part.program)
                return (mounted, program)
            }
            try unmount(path, lazily: true)
            failures.append("\(candidate.title) holds no operating system")
        }
        throw MountError(failures.joined(separator: "; "))
    }

    /// The name of the operating system below the directory `path`. Nil if there is none.
    private static func system(below path: SystemString) -> String? {
        guard let folder = MountedFolder(at: path) else { return nil }
        return OSRelease.system(in: folder)
    }
}
