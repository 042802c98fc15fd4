/// A candidate that is mounted where nobody sees it.
struct CandidateMount: ~Copyable {
    let mount: DetachedMount

    let candidate: MountCandidate

    /// The treatment of its journal.
    let journal: JournalUse

    /// The subvolume of btrfs. Nil for the default one, and for other file systems.
    let subvolume: String?

    /// The signs of an operating system in it. Nil if it holds none.
    let signs: RootSigns?

    /// What is mounted, once it is attached for this `reason`.
    func system(_ reason: String) -> MountedSystem {
        MountedSystem(
            candidate: candidate, subvolume: subvolume, system: signs?.name, journal: journal, reason: reason)
    }
}
