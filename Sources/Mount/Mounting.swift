import VitrineFormats

/// The steps from the served files to mounts, on one thread, whose descriptors are its own.
struct Mounting: ~Copyable {
    private let files: [FUSEFolder.File]
    private let devices: BlockDevices

    /// Will mount what is in `files`, by `devices` of them.
    init(_ files: [FUSEFolder.File], _ devices: consuming BlockDevices) {
        self.files = files
        self.devices = devices
    }

    /// Mounts what `plan` means at the open `directory`.
    func mount(_ plan: MountPlan, at directory: Int32) throws(MountError) -> MountOutcome {
        plan.isForAll
            ? try mountAll(plan, at: directory)
            : MountOutcome(
                systems: [
                    try mountOne(plan) { (mount, _) throws(MountError) in try mount.attach(to: directory) }
                ], failures: [])
    }

    /// Mounts the one that `plan` means where nobody sees it, and runs `body` with it.
    func look(
        _ plan: MountPlan, _ body: (borrowing DetachedMount, MountedSystem) throws(MountError) -> Void
    ) throws(MountError) -> MountOutcome {
        MountOutcome(systems: [try mountOne(plan, body)], failures: [])
    }

    // MARK: One of the candidates

    /// The most candidates that are looked into.
    private static let maximumCandidates = 32

    private func mountOne(
        _ plan: MountPlan, _ take: (borrowing DetachedMount, MountedSystem) throws(MountError) -> Void
    ) throws(MountError) -> MountedSystem {
        var best: CandidateMount?
        var bestWeight = Int.min
        var systems: [(candidate: MountCandidate, system: String)] = []
        var failures: [String] = []
        var obstacles: [MountObstacle] = []
        let isOnly = plan.candidates.count == 1
        for candidate in plan.candidates.prefix(Self.maximumCandidates) {
            do throws(MountError) {
                let found = try open(candidate, plan.subvolume)
                let weight = found.signs?.weight ?? (isOnly || plan.subvolume != nil ? 0 : nil)
                guard let weight else {
                    failures.append("\(candidate.title) holds no operating system")
                    continue
                }
                systems.append((candidate, found.signs?.name ?? ""))
                // Of equals, the first.
                guard weight > bestWeight else { continue }
                bestWeight = weight
                best = consume found
            } catch {
                failures.append("\(candidate.title): \(error)")
                obstacles += error.obstacles.map { $0.of(candidate) }
            }
        }
        // What has a reason of its own need not hold a system.
        if systems.isEmpty, !isOnly, let candidate = plan.candidates.first(where: { $0.reason != nil }) {
            best = try open(candidate, plan.subvolume)
        }
        guard let found = best.take() else {
            throw MountError(failures.joined(separator: "; "), obstacles: obstacles + plan.obstacles)
        }
        var system = found.system(found.candidate.reason ?? Self.reason(found, plan))
        system.others = systems.filter { $0.candidate.title != found.candidate.title }
        try take(found.mount, system)
        return system
    }

    private static func reason(_ found: borrowing CandidateMount, _ plan: MountPlan) -> String {
        if plan.subvolume != nil { return "the subvolume was asked for" }
        guard let signs = found.signs, signs.name == nil else {
            return MountedSystem.reason(found.signs?.name)
        }
        return "it has what the root of a system has"
    }

    // MARK: All of them

    private func mountAll(_ plan: MountPlan, at directory: Int32) throws(MountError) -> MountOutcome {
        var folders: MountFolders?
        var outcome = MountOutcome(systems: [], failures: [])
        var obstacles: [MountObstacle] = []
        for candidate in plan.candidates {
            do throws(MountError) {
                let found = try open(candidate, nil)
                if folders == nil { folders = try MountFolders(at: directory) }
                try folders?.attach(found.mount, candidate.folderName)
                outcome.systems.append(found.system(""))
            } catch {
                outcome.failures.append("\(candidate.title): \(error)")
                obstacles += error.obstacles.map { $0.of(candidate) }
            }
        }
        guard !outcome.systems.isEmpty else {
            throw MountError(
                outcome.failures.joined(separator: "; "), obstacles: obstacles + plan.obstacles)
        }
        try folders?.finish()
        return outcome
    }

    // MARK: A candidate

    /// Mounts `candidate` where nobody sees it; of btrfs the `subvolume`, or if that is nil the one that holds a system.
    private func open(
        _ candidate: MountCandidate, _ subvolume: SystemString?
    ) throws(MountError) -> CandidateMount {
        guard let type = candidate.type else { throw MountError("Linux does not mount it") }
        if type == "btrfs", let uuid = candidate.fileSystem.uuid { try BtrfsTwin.requireNone(uuid) }
        var failure: MountError?
        for use in candidate.journalUses(replaying: files.contains { $0.overlay != nil }) {
            let place = files.first {
                $0.volume == candidate.volume?.name && ($0.overlay != nil) == (use == .replayed)
            }
            guard let file = place else { continue }
            do throws(MountError) {
                let device = try devices.make(file, candidate.range)
                // The file system is read-only in any case. A journal is replayed nevertheless, if the device can be written to.
                let parameters = [("source", device.path)] + candidate.parameters(use)
                let mount = try DetachedMount(type, parameters)
                if type == "btrfs" {
                    return try BtrfsRoot(candidate, use, parameters).choose(subvolume, mount)
                }
                let signs = RootSigns(in: mount, of: candidate)
                return CandidateMount(
                    mount: mount, candidate: candidate, journal: use, subvolume: nil, signs: signs)
            } catch {
                failure = failure ?? candidate.explained(error)
            }
        }
        throw failure ?? MountError("there is no way to mount it")
    }
}
