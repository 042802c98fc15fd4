import Testing

@testable import VitrineFormats

/// The partition that a person means.
struct PartitionChoiceTests {
    private static let uuids = [
        "6c8fbd8d-1c23-4f41-8e4f-2b6e0c8f3a11", "00112233-4455-6677-8899-aabbccddeeff",
    ]

    /// A disk with two swap areas, each with a label, and an empty partition.
    private static var disk: PartitionDisk {
        var disk = PartitionDisk.gpt(
            sectors: 400, .init(number: 1, first: 40, last: 99, name: Array("one".utf16)),
            .init(number: 2, type: PartitionDisk.efi, first: 100, last: 199, name: Array("pages".utf16)),
            .init(number: 4, first: 200, last: 209))
        for (start, label, uuid) in [(40, "pages", uuids[0]), (100, "7", uuids[1])] {
            let area = start * 512
            disk.put(Array("SWAPSPACE2".utf8), at: area + 4086)
            disk.put([1, 0, 0, 0, 5], at: area + 1024)
            let digits = uuid.filter { $0 != "-" }
            disk.put(
                stride(from: 0, to: 32, by: 2).compactMap {
                    UInt8(digits.dropFirst($0).prefix(2), radix: 16)
                },
                at: area + 1024 + 12)
            disk.put(Array(label.utf8), at: area + 1024 + 28)
        }
        return disk
    }

    private func number(_ text: SystemString) throws -> Int {
        let choice = try #require(PartitionChoice(text))
        return try choice.choose(from: try Self.disk.table, of: MemorySource(Self.disk.bytes)).partition
            .number
    }

    private func error(_ text: SystemString) throws -> String? {
        #expect(throws: ImageError.self) { try number(text) }?.reason
    }

    @Test(
        arguments: [
            ("1", 1), ("p2", 2), ("04", 4), ("one", 1), ("PARTLABEL=one", 1), ("LABEL=pages", 1),
            ("LABEL=7", 2), ("PARTLABEL=pages", 2), ("EFI System", 2), ("TYPE=EFI System", 2),
            ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", 2), (SystemString(uuids[0].uppercased()), 1),
            (SystemString(uuids[1]), 2), (SystemString("UUID=" + uuids[1]), 2),
        ] as [(SystemString, Int)])
    func choices(_ text: SystemString, _ expected: Int) throws {
        #expect(try number(text) == expected)
    }

    @Test(arguments: ["", "0", "p0", "00", "LABEL="] as [SystemString])
    func choicesOfNothing(_ text: SystemString) {
        #expect(PartitionChoice(text) == nil)
    }

    private static let all = """
        it has: 1 (Linux filesystem "one", swap "pages"), 2 (EFI System "pages", swap "7"), 4 (Linux filesystem)
        """

    @Test func whatIsNotThere() throws {
        #expect(
            try error("7")
                == "the disk has no partition 7; it has: 1 (Linux filesystem \"one\"), 2 (EFI System \"pages\"), 4 (Linux filesystem)"
        )
        for text in ["none", "One", "EFI system", "LABEL=one", "PARTUUID=7", "p", "UUID=pages"]
            as [SystemString]
        {
            let reason = try #require(try error(text))
            #expect(
                reason.hasPrefix("the disk has no partition \"\(text)\"; it has: 1 (Linux filesystem \"one\"")
            )
        }
        #expect(try error("none") == "the disk has no partition \"none\"; \(Self.all)")
        // Not UTF-8.
        #expect(
            try error(SystemString(bytes: [0xFF]))?.hasPrefix("the disk has no partition \"\\xFF\"") == true)
    }

    /// A name of one partition and a label of another, and a kind that several have.
    @Test(arguments: ["pages", "swap", "TYPE=swap"] as [SystemString])
    func whatIsNotClear(_ text: SystemString) throws {
        #expect(
            try error(text)
                == "partition \"\(text)\" may be any of several; by its number, you can take one of: "
                + "1 (Linux filesystem \"one\", swap \"pages\"), 2 (EFI System \"pages\", swap \"7\")")
    }

    @Test func whatHasNoPartitions() throws {
        let choice = try #require(PartitionChoice("root"))
        #expect(
            throws: ImageError(.outOfRange, "the disk has no partition \"root\"; it has no partitions")
        ) { try choice.choose(from: nil, of: MemorySource([])) }
    }

    /// An identifier of NTFS may look like a number.
    @Test func longNumbersAreIdentifiers() {
        #expect(PartitionChoice("1234")?.number == 1234)
        #expect(PartitionChoice("12345")?.number == nil)
        #expect(PartitionChoice("LABEL=1")?.number == nil)
    }
}
