import Synchronization

/// The members of an archive that images inside it name. Each is opened once.
final class TarMembers: Sendable {
    private struct State {
        /// The numbers of the members, by the components of their paths. Made by the first search.
        var numbers: [[[UInt8]]: Int]?
        /// The opened members, by the offsets of their headers.
        var opened: [UInt64: TarContent] = [:]
        var segments = 0
    }

    private let archive: TarArchive
    private let state = Mutex(State())

    init(_ archive: TarArchive) {
        self.archive = archive
    }

    /// The member at `path`. Of several, the last, as in extraction.
    func find(_ path: PathName) -> TarMember? {
        state.withLock { state in
            var numbers = state.numbers ?? [:]
            if state.numbers == nil {
                for (number, member) in (archive.members + archive.joined).enumerated() {
                    numbers[PathName(member.name).names] = number
                }
                state.numbers = numbers
            }
            return numbers[path.names].map {
                $0 < archive.members.count ? archive.members[$0] : archive.joined[$0 - archive.members.count]
            }
        }
    }

    /// Opens `member`, which is a file, for `reference`. If it `recovers`, the archive may end before the member does.
    /// `isFirst` is true if the member was not open before.
    ///
    /// Throws the errors of opening it from the archive, and `limit` if too many are open.
    func open(
        _ member: TarMember, _ reference: Reference, recovers: Bool
    ) throws(ImageError) -> (content: TarContent, isFirst: Bool) {
        if let content = state.withLock({ $0.opened[member.header] }) { return (content, false) }
        let content = try inside(reference.text) { () throws(ImageError) in
            try archive.open(member, recovers: recovers)
        }
        let segments = (content.source as? TarSparseSource)?.segmentCount ?? 0
        let isOneTooMany = state.withLock { state in
            guard state.opened.count < Reference.maximumFiles,
                state.segments + segments <= TarSparseMap.maximumSegments
            else { return true }
            state.segments += segments
            state.opened[member.header] = content
            return false
        }
        guard !isOneTooMany else {
            throw reference.error(
                .limit,
                "is one too many: no more than \(Reference.maximumFiles) other members are opened for an image, "
                    + "with \(TarSparseMap.maximumSegments) stretches of data in sparse ones")
        }
        return (content, true)
    }
}
