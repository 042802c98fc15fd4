import Glibc
package import Logging
package import VitrineFormats
package import VitrineMount

/// The files in an image: of the best of its file systems that there is a way to read.
package struct ImageFiles: Sendable {
    private let plan: MountPlan
    private let disk: any Source
    private let name: String
    private let engine: Engine
    private let replays: Bool
    private let logger: Logger

    /// The most candidates that are looked into.
    private static let maximumCandidates = 32

    /// The files of what `plan` means of the `disk`. `name` is that of the image. If it `replays`, the kernel replays a journal where
    /// it reads; libext2fs never does. Reads of the kernel that fail go to the log.
    package init(
        _ plan: MountPlan, of disk: any Source, name: String, _ engine: Engine, replays: Bool,
        _ logger: Logger
    ) {
        self.plan = plan
        self.disk = disk
        self.name = name
        self.engine = engine
        self.replays = replays
        self.logger = logger
    }

    /// A file system that is open.
    package struct Opened {
        package let tree: FileTree
        package let candidate: MountCandidate
        /// True if it has a journal that was to be replayed, and was not.
        package let skipsJournal: Bool
    }

    /// Runs `body` with the file system that is meant: the only one, or the one that looks most like the root of a system. It may run
    /// on another thread.
    ///
    /// Throws a text that says why none can be read.
    package func read(_ body: @escaping @Sendable (Opened) -> Void) throws(MountError) {
        var failures: [String] = []
        var best: (opened: Opened, weight: Int)?
        for candidate in plan.candidates.filter(Self.isExt).prefix(Self.maximumCandidates) {
            do throws(ImageError) {
                let tree = try ExtFiles(candidate.content(of: disk)).tree
                let skips = candidate.fileSystem.state == .journalToReplay
                let opened = Opened(tree: tree, candidate: candidate, skipsJournal: skips)
                let isOnly = plan.candidates.count == 1
                guard let weight = isOnly ? 0 : RootSigns(in: tree, of: candidate)?.weight else {
                    failures.append("\(candidate.title) holds no operating system")
                    continue
                }
                // Of equals, the first.
                if weight > best?.weight ?? .min { best = (opened, weight) }
            } catch {
                failures.append("\(candidate.title): \(error)")
            }
        }
        if let best { return body(best.opened) }
        let others = plan.candidates.filter { !Self.isExt($0) }
        if !others.isEmpty {
            do throws(MountError) {
                return try mount(others, body)
            } catch {
                guard !failures.isEmpty else { throw error }
                failures.append("\(error)")
            }
        }
        throw MountError(failures.joined(separator: "; "))
    }

    private static func isExt(_ candidate: MountCandidate) -> Bool {
        ["ext2", "ext3", "ext4"].contains(candidate.fileSystem.kind)
    }

    /// Has the kernel mount the best of `candidates` where nobody sees it.
    private func mount(
        _ candidates: [MountCandidate], _ body: @escaping @Sendable (Opened) -> Void
    ) throws(MountError) {
        guard geteuid() == 0 else {
            let kinds = candidates.map { "\($0.title) holds \($0.fileSystem.kind)" }.joined(separator: ", ")
            throw MountError(
                "\(kinds), and without root, only ext2, ext3 and ext4 can be read", remedy: .root)
        }
        let failure = Monitor<ImageError?>(nil)
        try ImageMount.look(
            into: plan.with(candidates), of: disk, name: name, engine, replaying: replays, logger
        ) { descriptor, system in
            do throws(ImageError) {
                let tree = FileTree(root: try MountedNode(rootOf: descriptor))
                let skips = system.journal == .skipped
                body(Opened(tree: tree, candidate: system.candidate, skipsJournal: skips))
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw MountError("\(error)") }
    }
}
