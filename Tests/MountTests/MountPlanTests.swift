import FoundationEssentials
import TestSupport
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
            case "iso9660":
                bytes.replaceSubrange(32768..<32774, with: [1] + Array("CD001".utf8))
                (bytes[32768 + 80], bytes[32768 + 129]) = (100, 8)
            case "cramfs":
                bytes.replaceSubrange(0..<4, with: [0x45, 0x3d, 0xcd, 0x28])
                bytes.replaceSubrange(16..<32, with: Array("Compressed ROMFS".utf8))
            default: break
            }
            for index in 0..<buffer.count { buffer[index] = index < bytes.count ? bytes[index] : 0 }
        }
    }

    private func plan(
        _ partitions: [(kind: String, typeName: String?)], _ wish: MountWish = .root, whole: String? = nil,
        subvolume: SystemString? = nil
    ) throws(MountError) -> MountPlan {
        let starts = partitions.indices.map { UInt64($0 + 1) << 20 }
        var kinds = Dictionary(uniqueKeysWithValues: zip(starts, partitions.map(\.kind)))
        kinds[0] = whole
        let disk = Disk(kinds)
        let table = PartitionTable(
            scheme: .gpt, sectorSize: 512,
            partitions: partitions.enumerated().map { index, partition in
                Partition(
                    number: index + 1, range: starts[index]..<starts[index] + 1 << 20, type: "",
                    typeName: partition.typeName, name: "")
            }, warnings: [])
        return try MountPlan(disk, table, wish, subvolume: subvolume)
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
            [("squashfs", "Linux root (S390X)"), ("cramfs", "Linux root (PPC)")] as [(String, String?)]
        #expect(try plan(roots).candidates.map(\.partition) == [1, 2])
        #expect(
            try plan([("swap", nil), ("squashfs", nil), ("cramfs", nil)]).candidates.map(\.partition) == [
                2, 3,
            ])
    }

    @Test func thePartitionThatIsAskedFor() throws {
        let partitions = [("swap", nil), ("squashfs", nil), ("", nil)] as [(String, String?)]
        func choice(_ text: SystemString) throws -> MountWish {
            .partition(try #require(PartitionChoice(text)))
        }
        #expect(try plan(partitions, choice("2")).candidates.map(\.partition) == [2])
        #expect(try plan(partitions, choice("squashfs")).candidates.map(\.partition) == [2])
        let (first, third, fourth) = (try choice("1"), try choice("3"), try choice("4"))
        #expect(
            error { () throws(MountError) in try plan(partitions, first) }
                == "partition 1 holds swap, which Linux does not mount")
        #expect(
            error { () throws(MountError) in try plan(partitions, third) }
                == "partition 3 holds no file system that is known")
        #expect(
            error { () throws(MountError) in try plan(partitions, fourth) }
                == "the disk has no partition 4; it has: 1 (), 2 (), 3 ()")
    }

    /// An image of a CD or DVD has partitions to start from a disk. It is looked into last, and need not hold a system.
    @Test func aDiskThatIsAnISOImage() throws {
        let plan = try plan([("squashfs", nil), ("", nil)], whole: "iso9660")
        #expect(plan.candidates.map(\.partition) == [1, nil])
        #expect(plan.candidates.map(\.reason) == [nil, "the disk is an image of a CD or DVD"])
        #expect(try self.plan([("", nil)], whole: "iso9660").candidates.map(\.partition) == [nil])
        // What an older file system left is no reason to ignore partitions.
        #expect(try self.plan([("cramfs", nil)], whole: "squashfs").candidates.map(\.partition) == [1])
    }

    @Test func everythingThatCanBeMounted() throws {
        let plan = try plan([("swap", nil), ("squashfs", "Linux root (x86-64)"), ("cramfs", nil)], .all)
        #expect(plan.candidates.map(\.folderName) == ["p2", "p3"])
        #expect(plan.others.map(\.partition) == [1])
        #expect(plan.isForAll)
        #expect(plan.obstacles == [])
    }

    @Test func subvolumes() {
        #expect(
            error { () throws(MountError) in try plan([("squashfs", nil)], subvolume: "home") }
                == "only btrfs has subvolumes: partition 1 is squashfs")
    }

    /// An MBR of a disk with larger sectors leads to the wrong places.
    @Test func sectorsOfAnotherSize() throws {
        var disk = [UInt8](repeating: 0, count: 4 << 20)
        disk.replaceSubrange(510..<512, with: [0x55, 0xAA])
        // From sector 256 to 511, which is from 1 MiB on if they have 4096 bytes.
        disk.replaceSubrange(446..<462, with: [0, 0, 0, 0, 0x83, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0])
        disk.replaceSubrange(1 << 20..<1 << 20 + 4, with: Array("hsqs".utf8))
        disk[1 << 20 + 28] = 4
        disk[1 << 20 + 40] = 200
        let source = MemorySource(disk)
        let error = #expect(throws: MountError.self) {
            try MountPlan(source, try PartitionTable.read(source), .root)
        }
        #expect(error?.obstacles == [.sectorSize(4096)])
        let first = MountWish.partition(try #require(PartitionChoice("1")))
        let other = #expect(throws: MountError.self) {
            try MountPlan(source, try PartitionTable.read(source), first)
        }
        #expect(other?.obstacles == [.sectorSize(4096)])
        let table = try PartitionTable.read(source, sectorSize: 4096)
        #expect(try MountPlan(source, table, .root).candidates.map(\.partition) == [1])
    }

    @Test func nothingToMount() {
        #expect(
            error { () throws(MountError) in try plan([("swap", nil)]) }
                == "no partition or volume holds a file system that a system could start from; there are: partition 1 (swap)"
        )
    }

    private func whole(_ kind: String) throws(MountError) -> MountPlan {
        let disk = Disk([0: kind])
        return try MountPlan(disk, nil, .root)
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

    private func volumes(_ volume: String?) throws -> MountPlan {
        let image = try Image.open(CorpusFile.root.appending(path: "corpus/golden-lvm.raw.xz").path)
        // The second volume holds a file system, which Linux mounts.
        let disk = Patched(image.disk)
        return try MountPlan(disk, image.partitionTable, volume.map { .volume($0) } ?? .root)
    }

    /// A disk with the superblock of a squashfs where the volume vg/first starts.
    private final class Patched: Source {
        private let base: any Source
        private let start: UInt64 = 2 << 20 + 65_536

        var size: UInt64 { base.size }

        init(_ base: any Source) { self.base = base }

        func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
            try base.fill(&buffer, at: offset)
            guard offset == start else { return }
            var bytes = [UInt8](repeating: 0, count: 96)
            bytes.replaceSubrange(0..<4, with: Array("hsqs".utf8))
            bytes[28] = 4
            bytes[40] = 200
            for index in bytes.indices where index < buffer.count { buffer[index] = bytes[index] }
        }
    }

    @Test func logicalVolumes() throws {
        for plan in [try volumes("vg/first"), try volumes(nil)] {
            #expect(plan.candidates.map(\.title) == ["volume vg/first"])
            #expect(plan.candidates.map(\.range) == [0..<589_824])
            #expect(plan.candidates.first?.volume?.source?.size == 589_824)
        }
        #expect(try volumes("vg/first").candidates.first?.reason == "it was asked for")
        #expect(try volumes(nil).others.isEmpty)
        #expect(try volumes(nil).candidates.map(\.fileName) == ["vg_first"])
    }

    @Test(
        arguments: [
            ("/dev/mapper/vg-first", true), ("/dev/vg/first", true), ("/dev/mapper/vg-other", false),
            ("/dev/vg/other", false), ("first", nil),
        ] as [(String, Bool?)])
    func linesOfFSTabForVolumes(_ device: String, _ isNamed: Bool?) throws {
        let candidate = try #require(try volumes("vg/first").candidates.first)
        #expect(FSTab(Array("\(device) / squashfs defaults 0 1\n".utf8)).names(candidate) == isNamed)
    }

    @Test(
        arguments: [
            ("vg/fast-1", "volume vg/fast-1 holds no file system that is known"),
            ("vg/nothing", "volume vg/nothing cannot be read: it is of the type zero;"),
            (
                "first",
                "there is no logical volume first; there are: vg/first, vg/fast-1, vg/guest, vg/nothing"
            ),
        ])
    func volumesThatCannotBeMounted(_ name: String, _ reason: String) throws {
        let error = #expect(throws: MountError.self) { try volumes(name) }
        let text = "\(try #require(error))"
        #expect(text.hasPrefix(reason), "\(text)")
    }

    private func candidate(_ kind: String, _ state: FileSystem.State) -> MountCandidate {
        var system = FileSystem(kind)
        system.state = state
        return MountCandidate(partition: 1, range: 0..<1, fileSystem: system, reason: nil)
    }

    @Test func aFileSystemThatWasCut() {
        var system = FileSystem("ext4")
        system.size = 2
        let cut = MountCandidate(partition: 1, range: 0..<1, fileSystem: system, reason: nil)
        let whole = MountCandidate(partition: 1, range: 0..<2, fileSystem: system, reason: nil)
        let error = MountError("no", obstacles: [.driver("ext4", partition: 1)])
        #expect(
            cut.explained(error)
                == MountError(
                    "no; it is larger than its place, so the image may be cut short",
                    obstacles: error.obstacles))
        #expect(whole.explained(error) == error)
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
