import VitrineFormats

/// The steps from the served files to a mount, on one thread, whose descriptors are its own.
struct Mounting: ~Copyable {
    private let files: [FUSEFolder.File]
    private let devices: BlockDevices

    /// Will mount what is in `files`, by `devices` of them.
    init(_ files: [FUSEFolder.File], _ devices: consuming BlockDevices) {
        self.files = files
        self.devices = devices
    }

    /// Mounts the best of `plan` at the open `directory`.
    func mount(_ plan: MountPlan, at directory: Int32) throws(MountError) -> MountedSystem {
        var failures: [String] = []
        let isOnly = plan.candidates.count == 1
        for candidate in plan.candidates {
            do throws(MountError) {
                if let found = try mount(candidate, isOnly: isOnly, at: directory) { return found }
                failures.append("\(candidate.title) holds no operating system")
            } catch {
                failures.append("\(candidate.title): \(error)")
            }
        }
        throw MountError(failures.joined(separator: "; "))
    }

    /// Mounts `candidate` if it is the only one, or holds an operating system. Returns nil if it does not.
    private func mount(
        _ candidate: MountCandidate, isOnly: Bool, at directory: Int32
    ) throws(MountError) -> MountedSystem? {
        guard let type = candidate.type else { return nil }
        var failure: MountError?
        for use in candidate.journalUses(replaying: files.contains { $0.overlay != nil }) {
            do throws(MountError) {
                return try mount(candidate, type, use, isOnly: isOnly, at: directory)
            } catch {
                failure = failure ?? error
            }
        }
        throw failure ?? MountError("there is no way to mount it")
    }

    private func mount(
        _ candidate: MountCandidate, _ type: String, _ use: JournalUse, isOnly: Bool, at directory: Int32
    ) throws(MountError) -> MountedSystem? {
        guard let file = files.first(where: { ($0.overlay != nil) == (use == .replayed) }) else { return nil }
        let device = try devices.make(file, candidate.range)
        let parameters = [("source", device.path)] + candidate.parameters(use)
        // The file system is read-only in any case. A journal is replayed nevertheless, if the device can be written to.
        let mount = try DetachedMount(type, parameters)
        func mounted(_ subvolume: String?, _ system: String?) -> MountedSystem {
            let other = system.map { "it holds \($0)" } ?? "it is the only one that could hold a system"
            return MountedSystem(
                candidate: candidate, subvolume: subvolume, system: system, journal: use,
                reason: candidate.reason ?? other)
        }
        if let system = Self.system(in: mount, "") {
            try mount.attach(to: directory)
            return mounted(nil, system)
        }
        for subvolume in type == "btrfs" ? ["@", "root", "@root", "@rootfs"] : [] {
            guard let system = Self.system(in: mount, subvolume + "/") else { continue }
            let inner = try DetachedMount(type, parameters + [("subvol", subvolume)])
            try inner.attach(to: directory)
            return mounted(subvolume, system)
        }
        guard isOnly else { return nil }
        try mount.attach(to: directory)
        return mounted(nil, nil)
    }

    /// The name of the operating system below `path` in `mount`. Nil if there is none.
    private static func system(in mount: borrowing DetachedMount, _ path: String) -> String? {
        for file in OSRelease.paths {
            let content = mount.content(of: path + file, limit: OSRelease.maximumSize)
            if let release = content.flatMap(OSRelease.init) { return release.name }
        }
        return nil
    }
}
