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
        // A truncated one counts too: otherwise the disk would depend on `--recover`.
        guard let content = try? open(member, recovers: true),
            let probe = try? FileProbe(of: content.source, until: content.firstMissing)
        else { return false }
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
            guard !members.isEmpty else { throw ImageError(.unsupported, "the archive is empty") }
            throw ImageError(
                .unsupported,
                "no member is a disk by its name or its content; there are " + Self.list(members),
                remedy: Remedy(.member, "\(archive)NAME", "takes any of them for one"))
        }
        return disks.count == 1 ? (disk, nil) : nil
    }

    /// The error that several `disks` may be meant. `archive` is the prefix of their names.
    static func undecided(_ disks: [TarMember], _ archive: String) -> ImageError {
        ImageError(
            .unsupported, "there are \(disks.count) disks: \(list(disks))",
            remedy: Remedy(.member, "\(archive)NAME", "chooses one of them"))
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

    /// Opens `member`, which is a file. If it `recovers`, the archive may end before the member does.
    ///
    /// Throws `corrupt` if the archive ends too early, or if the member's sparse map is wrong.
    func open(_ member: TarMember, recovers: Bool = false) throws(ImageError) -> TarContent {
        guard member.size > 0 else {
            throw ImageError(.corrupt, "member \"\(member.shownName)\" is empty")
        }
        guard member.pieces.isEmpty else { return try join(member, recovers: recovers) }
        let stored = member.stored
        guard let reason = shortfall(of: member) else {
            guard let place = member.map else {
                return TarContent(source: try Slice(source, stored), name: member.shownName)
            }
            let map = try TarSparseMap(of: member, at: place, in: source)
            return TarContent(
                source: TarSparseSource(source, map, size: member.size), name: member.shownName)
        }
        let held = source.size - min(source.size, stored.lowerBound)
        guard recovers else {
            let part = held == 0 ? "nothing" : "only the first \(byteCount(held))"
            throw ImageError(
                .corrupt, "\(reason), and holds \(part) of the member's data",
                remedy: held == 0 ? nil : Remedy(.recover, nil, "serves what is there"))
        }
        let archive = Base(source, .part)
        guard let place = member.map else {
            let slice = TruncatedSlice(
                archive, from: stored.lowerBound, size: stored.upperBound - stored.lowerBound, reason)
            return TarContent(source: slice, firstMissing: held, name: member.shownName)
        }
        // The holes are known, wherever the archive ends.
        let map = try TarSparseMap(of: member, at: place, in: source)
        let whole = TruncatedSlice(archive, from: 0, size: stored.upperBound, reason)
        return TarContent(
            source: TarSparseSource(whole, map, size: member.size),
            firstMissing: map.firstMissing(from: source.size), name: member.shownName)
    }

    /// Opens the pieces of `member`, and joins them.
    private func join(_ member: TarMember, recovers: Bool) throws(ImageError) -> TarContent {
        var parts: [Base] = []
        var (start, firstMissing): (UInt64, UInt64?) = (0, nil)
        for piece in member.pieces {
            let content = try open(piece, recovers: recovers)
            firstMissing = firstMissing ?? content.firstMissing.map { start + $0 }
            parts.append(Base(content.source, .part, "\"\(piece.shownName)\"", of: "tar"))
            start += content.source.size
        }
        return TarContent(
            source: Concatenation(parts), firstMissing: firstMissing, name: member.shownName)
    }

    /// The reason that a part of `member`, which is in one piece, cannot be read. Nil if the archive has all of it.
    private func shortfall(of member: TarMember) -> String? {
        let stored = member.stored
        return source.shortfall(
            of: "member \"\(member.shownName)\"", at: stored.lowerBound,
            count: stored.upperBound - stored.lowerBound
        ).map { "\($0): the archive is cut short" }
    }
}
