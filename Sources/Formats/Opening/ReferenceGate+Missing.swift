import Glibc

/// Finds files that are not where the image says: somebody moved the folder, or the image comes from another machine.
extension ReferenceGate {
    /// The most files that are listed in an error.
    private static let maximumListed = 5

    /// True if the search for `reference`, which the file at `place` names, failed with `failure` because nothing is there.
    func isMissing(
        _ reference: Reference, from place: ReferencePath, _ failure: Directory.Failure
    ) -> Bool {
        switch failure {
        case .system(ENOENT), .system(ENOTDIR): return true
        case .system: return false
        case .leadsOut:
            guard let path = reference.path else { return false }
            if path.isAbsolute { return Directory.isMissing(path) }
            // Any other name leads out by a link, which is there.
            guard path.leadsUp else { return false }
            let directory = place.directory.path(of: place.path.directory)
            return directory.map { Directory.isMissing(path.from($0)) } ?? false
        }
    }

    /// Finds the regular file with the last component of `reference`'s name: beside the file at `place`, which names it, or else in an
    /// allowed directory. It is none of `files`.
    func find(
        likely reference: Reference, from place: ReferencePath, after files: Set<FileIdentity>
    ) -> (Descriptor, ReferencePath)? {
        guard let name = reference.lastComponent else { return nil }
        var places = allowed.map { ReferencePath(directory: $0, path: PathName([name])) }
        if allowed.contains(where: { $0 === place.directory }) {
            let path = PathName([name]).from(place.path.directory)
            places.insert(ReferencePath(directory: place.directory, path: path), at: 0)
        }
        for place in places {
            var links = 0
            guard let found = try? descriptor(at: place, links: &links), let status = try? found.status(),
                status.st_mode & S_IFMT == S_IFREG,
                !files.contains(FileIdentity(status))
            else { continue }
            let directory = place.directory.paths.first.map { place.path.directory.from($0).text }
            warn([
                reference.isReplaced(
                    by: "\"\(printable(name))\" in \(directory ?? "a directory that is allowed")")
            ])
            return (found, place)
        }
        return nil
    }

    /// The error that nothing is where the file at `place` has `reference`, nor in the allowed directories. It lists the files that
    /// are there.
    func missing(
        _ reference: Reference, from place: ReferencePath, _ failure: Directory.Failure
    ) -> ImageError {
        let code: Int32 = if case .system(let code) = failure { code } else { ENOENT }
        var text = systemMessage(code)
        var remedy: Remedy?
        if reference.role.isOfChain {
            remedy = .saysWhereItIs
            let names = place.directory.fileNames(in: place.path.directory).filter {
                !$0.hasBytes(of: printable(place.path.names.last ?? []))
            }
            if !names.isEmpty {
                let more = names.count - Self.maximumListed
                text +=
                    "; the directory holds "
                    + names.prefix(Self.maximumListed).map { "\"\($0)\"" }.joined(separator: ", ")
                    + (more > 0 ? " and \(more) more" : "")
            }
        }
        return ImageError(.io, text, path: [reference.text], remedy: remedy)
    }
}
