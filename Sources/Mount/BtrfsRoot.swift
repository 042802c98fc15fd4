import VitrineFormats

/// The choice of a subvolume.
struct BtrfsRoot {
    private let candidate: MountCandidate
    private let journal: JournalUse

    /// The parameters for the kernel, without a subvolume.
    private let parameters: [DetachedMount.Parameter]

    /// The most subvolumes that an error lists.
    private static let maximumListed = 20

    init(_ candidate: MountCandidate, _ journal: JournalUse, _ parameters: [DetachedMount.Parameter]) {
        self.candidate = candidate
        self.journal = journal
        self.parameters = parameters
    }

    /// Mounts the subvolume that `text` means. If that is nil, takes the default subvolume, which is mounted as `mount`, or if that
    /// holds no system, another one that does.
    func choose(
        _ text: SystemString?, _ mount: consuming DetachedMount
    ) throws(MountError) -> CandidateMount {
        if let text {
            let all = try BtrfsSubvolumes(of: mount)
            guard let found = all.find(text) else { throw missing(text, all) }
            return try open(found)
        }
        if let signs = RootSigns(in: mount, of: candidate) { return result(mount, nil, signs) }
        // Paths of subvolumes start at the top, which need not be the default.
        let top = try DetachedMount("btrfs", parameters + [("subvolid", "\(BtrfsSubvolumes.top)")])
        for subvolume in (try? BtrfsSubvolumes(of: top))?.likelyRoots ?? [] {
            guard let folder = MountedFolder(subvolume.path, in: top),
                RootSigns(in: folder, of: candidate) != nil
            else { continue }
            return try open(subvolume)
        }
        return result(mount, nil, nil)
    }

    private func open(_ subvolume: BtrfsSubvolumes.Subvolume) throws(MountError) -> CandidateMount {
        let mount = try DetachedMount("btrfs", parameters + [("subvolid", "\(subvolume.number)")])
        let signs = RootSigns(in: mount, of: candidate)
        return result(mount, "\(subvolume.path)", signs)
    }

    private func result(
        _ mount: consuming DetachedMount, _ subvolume: String?, _ signs: RootSigns?
    ) -> CandidateMount {
        CandidateMount(
            mount: mount, candidate: candidate, journal: journal, subvolume: subvolume, signs: signs)
    }

    private func missing(_ text: SystemString, _ all: BtrfsSubvolumes) -> MountError {
        let left = all.all.count - Self.maximumListed
        let names = all.all.prefix(Self.maximumListed).map { "\($0.path) (\($0.number))" }
        let more = left > 0 ? ", and \(left) more" : ""
        return MountError(
            "there is no subvolume \(text); "
                + (names.isEmpty ? "there are none" : "there are: \(names.joined(separator: ", "))\(more)"))
    }
}
