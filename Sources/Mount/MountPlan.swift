package import VitrineFormats

/// The places of a disk that come into question for a mount, the best first.
package struct MountPlan: Sendable {
    /// If there are several, the one that holds an operating system is meant.
    package let candidates: [MountCandidate]

    /// The plan for `partition` of an image, or for the root of its system if that is nil.
    ///
    /// Throws a text that lists the partitions if there is nothing to mount.
    package init(_ table: PartitionTable?, _ contents: DiskContents, size: UInt64, partition: Int?)
        throws(MountError)
    {
        let all = Self.candidates(table, contents, size: size)
        if let partition {
            candidates = [try Self.chosen(partition, table, contents, all)]
            return
        }
        guard table != nil else {
            guard let whole = all.first, whole.type != nil else {
                throw MountError(
                    "there is no partition table, and "
                        + (all.first.map {
                            "what is there is \($0.fileSystem.kind), which Linux does not mount"
                        }
                            ?? "no file system was found"))
            }
            candidates = [whole]
            return
        }
        let roots = all.filter { $0.mayBeRoot && $0.reason != nil }
        let possible = roots.count == 1 ? roots : all.filter(\.mayBeRoot)
        guard !possible.isEmpty else {
            throw MountError(
                "no partition holds a file system that a system could start from\(Self.list(all))")
        }
        candidates = possible
    }

    /// All file systems of the disk. Those whose partition type says that they are a root have a reason.
    private static func candidates(
        _ table: PartitionTable?, _ contents: DiskContents, size: UInt64
    ) -> [MountCandidate] {
        guard let table else {
            guard case .fileSystem(let system) = contents.disk else { return [] }
            return [
                MountCandidate(
                    partition: nil, range: 0..<size, fileSystem: system, reason: "it is all of the disk")
            ]
        }
        return zip(table.partitions, contents.partitions).compactMap { partition, finding in
            guard case .fileSystem(let system) = finding else { return nil }
            let isRoot = partition.typeName?.hasPrefix("Linux root") == true
            return MountCandidate(
                partition: partition.number, range: partition.range, fileSystem: system,
                reason: isRoot ? "its type says so" : nil)
        }
    }

    private static func chosen(
        _ number: Int, _ table: PartitionTable?, _ contents: DiskContents, _ all: [MountCandidate]
    ) throws(MountError) -> MountCandidate {
        guard var found = all.first(where: { $0.partition == number }) else {
            let exists = table?.partitions.contains { $0.number == number } ?? false
            throw MountError(
                exists
                    ? "partition \(number) holds no file system that is known\(list(all))"
                    : "there is no partition \(number)\(list(all))")
        }
        guard found.type != nil else {
            throw MountError(
                "partition \(number) holds \(found.fileSystem.kind), which Linux does not mount\(list(all))")
        }
        found.reason = "it was asked for"
        return found
    }

    /// The partitions with file systems, for an error.
    static func list(_ all: [MountCandidate]) -> String {
        guard !all.isEmpty else { return "" }
        return "; there are: "
            + all.map {
                "\($0.title) (\($0.fileSystem.kind)\($0.fileSystem.label.map { ", \(printable($0))" } ?? ""))"
            }
            .joined(separator: ", ")
    }
}
