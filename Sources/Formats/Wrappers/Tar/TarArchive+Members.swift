extension TarArchive {
    /// The largest number of members that are listed in an error.
    private static let maximumListed = 20

    /// The largest number of members whose content is probed for disks.
    private static let maximumProbed = 1024

    /// The files that are or hold a disk, by their names or their first bytes, in the order of the archive.
    ///
    /// With `probes`, the content of those counts whose names tell nothing.
    func disks(_ opener: any Opener, probing probes: Bool = true) -> [TarMember] {
        var last: [ArraySlice<UInt8>: Int] = [:]
        for (index, member) in members.enumerated() { last[member.path] = index }
        var probed = 0
        return members.enumerated().filter { index, member in
            guard member.kind == .file, member.size > 0, last[member.path] == index,
                // macOS keeps such a file beside the file of that name.
                !member.baseName.starts(with: "._".utf8)
            else { return false }
            if opener.isNamedAsDisk(String(decoding: member.baseName, as: UTF8.self)) { return true }
            guard probes else { return false }
            probed += 1
            return probed <= Self.maximumProbed && isRecognised(member, opener)
        }.map(\.element)
    }

    private func isRecognised(_ member: TarMember, _ opener: any Opener) -> Bool {
        guard let probe = try? FileProbe(of: open(member)) else { return false }
        return opener.recognises(probe)
    }

    /// The member called `name`, and the name of the member inside it if `name` leads into an archive. Without a name,
    /// the only one of `disks`; nil if there are several. `archive` is the prefix of names in this archive.
    ///
    /// Throws `unsupported` if there is no such member or disk, with a list of the members.
    func choose(
        _ name: SystemString?, among disks: [TarMember], _ archive: String
    ) throws(ImageError) -> (member: TarMember, inside: SystemString?)? {
        if let name { return try member(called: name) }
        guard let disk = disks.first else {
            throw ImageError(
                .unsupported,
                members.isEmpty
                    ? "the archive is empty"
                    : "no member is a disk by its name or its content; --member \(archive)NAME takes any file for one, of "
                        + Self.list(members))
        }
        return disks.count == 1 ? (disk, nil) : nil
    }

    /// The error that several `disks` may be meant. `archive` is the prefix of their names.
    static func undecided(_ disks: [TarMember], _ archive: String) -> ImageError {
        ImageError(
            .unsupported,
            "there are \(disks.count) disks, of which --member \(archive)NAME chooses one: \(list(disks))")
    }

    /// The member called `name`, as stored or as shown. Otherwise, the inner archive whose name `name` starts with, and
    /// the rest of `name`.
    private func member(
        called name: SystemString
    ) throws(ImageError) -> (TarMember, inside: SystemString?) {
        let wanted = TarMember(
            name: name.bytes, kind: .file, header: 0, size: 0, stored: 0..<0, map: nil
        ).path
        var inside: SystemString?
        let all = members + joined
        var found = all.last { $0.path == wanted } ?? all.last { $0.shownName.utf8.elementsEqual(name.bytes) }
        if found == nil {
            let outer = members.reversed().filter { $0.kind == .file && Self.name(wanted, in: $0) != nil }
            found = outer.max { $0.path.count < $1.path.count }
            inside = found.flatMap { Self.name(wanted, in: $0) }
        }
        guard let member = found else {
            throw ImageError(
                .unsupported,
                "there is no member \"\(name)\"; there are "
                    + (members.isEmpty ? "none" : Self.list(members)))
        }
        guard member.kind == .file else {
            throw ImageError(
                .unsupported, "member \"\(member.shownName)\" is a \(member.kind.rawValue), not a file")
        }
        return (member, inside)
    }

    /// The name that `path` has inside the archive `member`. Nil if it does not lead there.
    private static func name(_ path: ArraySlice<UInt8>, in member: TarMember) -> SystemString? {
        let rest = path.dropFirst(member.path.count)
        guard path.starts(with: member.path), rest.first == UInt8(ascii: "/"), rest.count > 1 else {
            return nil
        }
        return SystemString(bytes: rest.dropFirst())
    }

    private static func list(_ members: [TarMember]) -> String {
        let more = members.count - maximumListed
        return members.prefix(maximumListed).map(\.listed).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }

    /// Opens `member`, which is a file.
    ///
    /// Throws `corrupt` if the archive ends before the member does, or if its sparse map is wrong.
    func open(_ member: TarMember) throws(ImageError) -> any Source {
        guard member.size > 0 else {
            throw ImageError(.corrupt, "member \"\(member.shownName)\" is empty")
        }
        guard member.pieces.isEmpty else {
            let parts = try member.pieces.map { (piece) throws(ImageError) in
                Base(try open(piece), .part, "\"\(piece.shownName)\"", of: "tar")
            }
            return Concatenation(parts)
        }
        guard member.stored.upperBound <= source.size else {
            throw ImageError(
                .corrupt,
                "member \"\(member.shownName)\" at \(member.stored.lowerBound) takes "
                    + "\(member.stored.upperBound - member.stored.lowerBound) bytes, but the end is at \(source.size): "
                    + "the archive is cut short")
        }
        guard let place = member.map else { return try Slice(source, member.stored) }
        let map = try TarSparseMap(of: member, at: place, in: source)
        return TarSparseSource(source, map, size: member.size)
    }
}
