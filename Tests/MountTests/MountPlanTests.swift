import Testing

@testable import VitrineFormats
@testable import VitrineMount

/// The choice of what is mounted.
struct MountPlanTests {
    /// A disk in which each partition starts with the superblock of its kind.
    private final class Disk: Source {
        let size: UInt64 = 1 << 30
        private let kinds: [UInt64: String]

        init(_ kinds: [UInt64: String]) { self.kinds = kinds }

        func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
            var bytes = [UInt8](repeating: 0, count: 70_000)
            switch kinds[offset] {
            case "squashfs":
                bytes.replaceSubrange(0..<4, with: Array("hsqs".utf8))
                bytes[28] = 4
                bytes[40] = 200
            case "swap":
                bytes.replaceSubrange(4086..<4096, with: Array("SWAPSPACE2".utf8))
                (bytes[1024], bytes[1029]) = (1, 1)
            case "cramfs":
                bytes.replaceSubrange(0..<4, with: [0x45, 0x3d, 0xcd, 0x28])
                bytes.replaceSubrange(16..<32, with: Array("Compressed ROMFS".utf8))
            default: break
            }
            for index in 0..<buffer.count { buffer[index] = index < bytes.count ? bytes[index] : 0 }
        }
    }

    private func plan(
        _ partitions: [(kind: String, typeName: String?)], partition: Int? = nil
    ) throws(MountError) -> MountPlan {
        let starts = partitions.indices.map { UInt64($0 + 1) << 20 }
        let disk = Disk(Dictionary(uniqueKeysWithValues: zip(starts, partitions.map(\.kind))))
        let table = PartitionTable(
            scheme: .gpt, sectorSize: 512,
            partitions: partitions.enumerated().map { index, partition in
                Partition(
                    number: index + 1, range: starts[index]..<starts[index] + 1 << 20, type: "",
                    typeName: partition.typeName, name: "")
            }, warnings: [])
        return try MountPlan(disk, table, partition: partition)
    }

    private func error(_ body: () throws(MountError) -> MountPlan) -> String {
        do throws(MountError) { return "none, but \(try body().candidates.map(\.title))" } catch {
            return "\(error)"
        }
    }

    @Test func theTypeOfAPartitionDecides() throws {
        let plan = try plan([
            ("squashfs", nil), ("swap", "Linux root (x86-64)"), ("cramfs", "Linux root (x86-64)"),
            ("squashfs", "Linux home"),
        ])
        #expect(plan.candidates.map(\.partition) == [3])
        #expect(plan.candidates.first?.reason == "its type says so")
    }

    /// Two roots, or none, are looked into.
    @Test func ofSeveralEachIsACandidate() throws {
        let roots =
            [("squashfs", "Linux root (x86-64)"), ("cramfs", "Linux root (ARM 64)")] as [(String, String?)]
        #expect(try plan(roots).candidates.map(\.partition) == [1, 2])
        #expect(
            try plan([("swap", nil), ("squashfs", nil), ("cramfs", nil)]).candidates.map(\.partition) == [
                2, 3,
            ])
    }

    @Test func thePartitionThatIsAskedFor() throws {
        let partitions = [("swap", nil), ("squashfs", nil), ("", nil)] as [(String, String?)]
        #expect(try plan(partitions, partition: 2).candidates.map(\.partition) == [2])
        let list = "; there are: partition 1 (swap), partition 2 (squashfs)"
        #expect(
            error { () throws(MountError) in try plan(partitions, partition: 1) }
                == "partition 1 holds swap, which Linux does not mount\(list)")
        #expect(
            error { () throws(MountError) in try plan(partitions, partition: 3) }
                == "partition 3 holds no file system that is known\(list)")
        #expect(
            error { () throws(MountError) in try plan(partitions, partition: 4) }
                == "there is no partition 4\(list)")
    }

    @Test func nothingToMount() {
        #expect(
            error { () throws(MountError) in try plan([("swap", nil)]) }
                == "no partition holds a file system that a system could start from; there are: partition 1 (swap)"
        )
    }

    private func whole(_ kind: String) throws(MountError) -> MountPlan {
        let disk = Disk([0: kind])
        return try MountPlan(disk, nil, partition: nil)
    }

    @Test func aDiskThatIsAFileSystem() throws {
        let plan = try whole("squashfs")
        #expect(plan.candidates.map(\.partition) == [nil])
        #expect(plan.candidates.map(\.range) == [0..<1 << 30])
        #expect(
            error { () throws(MountError) in try whole("swap") }
                == "there is no partition table, and what is there is swap, which Linux does not mount")
        #expect(
            error { () throws(MountError) in try whole("") }
                == "there is no partition table, and no file system was found")
    }

    private func candidate(_ kind: String, _ state: FileSystem.State) -> MountCandidate {
        var system = FileSystem(kind)
        system.state = state
        return MountCandidate(partition: 1, range: 0..<1, fileSystem: system, reason: nil)
    }

    /// What cannot have a journal is mounted in one way; of others, the kernel may find one that the superblock does not tell of.
    @Test func journals() {
        #expect(candidate("squashfs", .readOnly).journalUses(replaying: true) == [.none])
        #expect(candidate("ext4", .journalToReplay).journalUses(replaying: true) == [.replayed, .skipped])
        #expect(candidate("ext4", .journalToReplay).journalUses(replaying: false) == [.skipped])
        #expect(candidate("xfs", .unknown).journalUses(replaying: true) == [.none, .replayed, .skipped])
        #expect(candidate("xfs", .clean).parameters(.none).map(\.key) == ["nouuid"])
        #expect(candidate("xfs", .clean).parameters(.skipped).map(\.key) == ["nouuid", "norecovery"])
        #expect(candidate("ext4", .clean).parameters(.replayed).isEmpty)
        #expect(candidate("ext4", .clean).parameters(.skipped).map(\.key) == ["noload"])
    }

    @Test(
        arguments: [
            ("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=x\n", "Debian GNU/Linux 12 (bookworm)"),
            ("NAME=Alpine\n", "Alpine"), ("# PRETTY_NAME=no\nNAME='Arch Linux'", "Arch Linux"), ("", nil),
            ("PRETTY_NAME=\n", nil), ("XNAME=a", nil),
        ] as [(String, String?)])
    func namesOfSystems(_ text: String, _ name: String?) {
        #expect(OSRelease(Array(text.utf8))?.name == name)
    }
}
