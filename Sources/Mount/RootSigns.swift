/// The signs in a file system of an operating system whose root it is.
package struct RootSigns {
    /// The name of the system. Nil if it does not tell.
    package let name: String?

    /// The number of further signs. The more, the likelier it is that the system starts from here, and is no copy, or a part of one.
    package let weight: Int

    /// The signs in all of `mount` of `candidate`. Nil if there is no system.
    init?(in mount: borrowing DetachedMount, of candidate: MountCandidate) {
        guard let folder = MountedFolder(rootOf: mount) else { return nil }
        self.init(in: folder, of: candidate)
    }

    /// The signs below `folder` of `candidate`. Nil if there is no system.
    package init?<Folder: RootFolder & ~Copyable>(in folder: borrowing Folder, of candidate: MountCandidate) {
        let table = folder.content(of: "etc/fstab", limit: FSTab.maximumSize).map { FSTab($0) }
        name = Self.name(in: folder)
        // Small and old systems have no os-release.
        guard name != nil || table != nil && (folder.holds("bin") || folder.holds("usr/bin")) else {
            return nil
        }
        let hasInit = folder.holds("sbin/init") || folder.holds("usr/lib/systemd/systemd")
        let hasModules = folder.holds("lib/modules")
        let isItself: Int =
            switch table?.names(candidate) {
            case true?: 3
            case false?: -3
            case nil: 0
            }
        weight = isItself + (hasInit ? 1 : 0) + (hasModules ? 1 : 0)
    }

    private static func name<Folder: RootFolder & ~Copyable>(in folder: borrowing Folder) -> String? {
        if let name = OSRelease.system(in: folder) { return name }
        // OSTree keeps the roots of systems in folders: ostree/deploy/NAME/deploy/CHECKSUM.N.
        for system in folder.names(in: "ostree/deploy") {
            for root in folder.names(in: "ostree/deploy/\(system)/deploy") {
                let path = "ostree/deploy/\(system)/deploy/\(root)/usr/lib/os-release"
                if let name = OSRelease.system(in: folder, at: path) { return name }
            }
        }
        return nil
    }
}
