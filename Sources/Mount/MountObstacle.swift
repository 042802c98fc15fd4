/// Something that keeps a file system from being mounted, and for which people may know a way round.
package enum MountObstacle: Hashable, Sendable {
    /// What is there has a kind, as blkid calls it, that Linux does not mount by itself. `partition` is nil for the whole disk.
    case kind(String, partition: Int?)
    /// The kernel has no driver for the type.
    case driver(String, partition: Int?)
    /// The table fits only if it counts sectors of so many bytes.
    case sectorSize(UInt64)

    /// The same for `candidate`.
    func of(_ candidate: MountCandidate) -> MountObstacle {
        if case .driver(let type, _) = self { return .driver(type, partition: candidate.partition) }
        return self
    }
}
