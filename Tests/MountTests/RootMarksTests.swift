import Testing
@testable import VitrineFormats

@testable import VitrineMount

/// The partitions that a GPT marks as roots.
struct RootMarksTests {
    private func marks(_ partitions: (type: String, attributes: UInt64)...) -> [Int: String] {
        RootMarks.all(
            in: PartitionTable(
                scheme: .gpt, sectorSize: 512,
                partitions: partitions.enumerated().map { index, partition in
                    Partition(
                        number: index + 1, range: 0..<1, type: "", typeName: partition.type, name: "",
                        attributes: partition.attributes)
                }, warnings: []))
    }

    @Test func discoverablePartitions() {
        #expect(marks(("Linux root (S390X)", 0), ("Linux home", 0)) == [1: "its type says so"])
        // The hash tree of a root is none.
        #expect(marks(("Linux root verity (x86-64)", 0)).isEmpty)
        #expect(marks(("Linux root (S390X)", 1 << 63), ("Linux root (S390X)", 0)).keys.sorted() == [2])
        #expect(marks(("Linux root (x86)", 0), ("Linux root (S390X)", 0)).keys.sorted() == [1, 2])
        #if arch(x86_64)
            #expect(marks(("Linux root (ARM-64)", 0), ("Linux root (x86-64)", 0)).keys.sorted() == [2])
        #endif
        #expect(RootMarks.all(in: nil).isEmpty)
    }

    private static let reason = "it is the active one of the systems that take turns"

    /// Bits 48 to 51 are the priority, 52 to 55 the tries that are left, and 56 says that it was started with success.
    @Test func systemsThatTakeTurns() {
        let (good, fresh, failed): (UInt64, UInt64, UInt64) = (0x101 << 48, 0x012 << 48, 0x00F << 48)
        #expect(marks(("CoreOS /usr", good), ("CoreOS /usr", 0)) == [1: Self.reason])
        #expect(marks(("CoreOS /usr", good), ("CoreOS /usr", fresh)) == [2: Self.reason])
        #expect(marks(("CoreOS /usr", good), ("CoreOS /usr", failed)) == [1: Self.reason])
        #expect(marks(("CoreOS /usr", 0), ("CoreOS /usr", 0)).isEmpty)
        #expect(
            marks(
                ("ChromeOS kernel", good), ("ChromeOS root fs", 0), ("ChromeOS kernel", fresh),
                ("ChromeOS root fs", 0)) == [4: Self.reason])
        #expect(
            marks(("Bottlerocket boot", good), ("Bottlerocket root", 0), ("Bottlerocket root", fresh))
                == [2: Self.reason])
    }
}
