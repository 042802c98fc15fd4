import TestSupport
import Testing

@testable import VitrineFormats

/// Logical volumes, from the metadata to the bytes.
struct LogicalVolumeTests {
    private typealias PV = PhysicalVolumeBytes

    private let limit = UInt64.max

    /// Two physical volumes of 16 extents, with bytes that tell the extents apart.
    private var pair: [PhysicalVolumeBytes] {
        zip("ab", 1...).map { uuid, seed in
            var volume = PV(uuid, extents: 16)
            volume.fillExtents(UInt64(seed))
            return volume
        }
    }

    private func read(_ volumes: [PhysicalVolumeBytes]) -> LogicalVolumes {
        var time = UInt64.max
        return LogicalVolumes(
            on: volumes.enumerated().map { ("partition \($0 + 1)", MemorySource($1.bytes)) }, within: &time)
    }

    /// The volumes of the group that `text` describes on each of `volumes`.
    private func read(_ volumes: [PhysicalVolumeBytes], _ text: String) -> LogicalVolumes {
        read(
            volumes.map { volume in
                var volume = volume
                volume.put(text: text)
                return volume
            })
    }

    /// The bytes of the volume called `name`.
    private func bytes(_ name: String, _ volumes: LogicalVolumes) throws -> [UInt8] {
        let volume = try #require(volumes.all.first { $0.name == name })
        let source = try volume.content.get()
        #expect(source.size == volume.size)
        return try source.bytes(at: 0, count: Int(source.size))
    }

    private func reasons(_ volumes: LogicalVolumes) -> [String] {
        volumes.all.map { "\($0.name): \($0.reason.map { "\($0)" } ?? "read")" }
    }

    // MARK: Bytes

    @Test func aLinearVolumeInTwoSegments() throws {
        let pair = pair
        let text = PV.group(
            pair,
            PV.volume(
                "root", PV.segment(at: 0, count: 3, ("pv0", 4)), PV.segment(at: 3, count: 2, ("pv1", 1)))
                + PV.volume("swap", PV.segment(at: 0, count: 1, ("pv1", 0))))
        let volumes = read(pair, text)
        #expect(volumes.warnings == [])
        #expect(volumes.all.map(\.name) == ["vg/root", "vg/swap"])
        #expect(volumes.all.map(\.place) == [0, 1])
        #expect(try bytes("vg/root", volumes) == pair[0].extents(4, 3) + pair[1].extents(1, 2))
        #expect(try bytes("vg/swap", volumes) == pair[1].extents(0, 1))
    }

    /// Chunks of 2 sectors, by turns.
    @Test func aStripedVolume() throws {
        let pair = pair
        let volumes = read(
            pair,
            PV.group(
                pair, PV.volume("fast", PV.segment(at: 0, count: 6, ("pv1", 2), ("pv0", 5)))))
        let (first, second) = (pair[1].extents(2, 3), pair[0].extents(5, 3))
        let expected = stride(from: 0, to: first.count, by: 1024).flatMap {
            first[$0..<$0 + 1024] + second[$0..<$0 + 1024]
        }
        #expect(try bytes("vg/fast", volumes) == expected)
        #expect(volumes.all.first?.place == 1)
    }

    @Test func namesOfVolumesAndGroups() throws {
        let pair = pair
        let name = "100+a_b.c-d"
        let text = PV.group(named: "0-day", pair, PV.volume(name, PV.segment(at: 0, count: 1, ("pv0", 3))))
        #expect(try bytes("0-day/\(name)", read(pair, text)) == pair[0].extents(3, 1))
        #expect(read(pair, text).all.first?.mapperName == "0--day-100+a_b.c--d")
    }

    // MARK: Metadata areas

    /// The text of the second change is current, wherever it starts: the ring goes on behind the header.
    @Test(arguments: [512, 1024, 11_776, 12_000, 12_287])
    func theTextMayWrapAround(_ start: Int) throws {
        var volume = pair[0]
        let text = PV.group([volume], PV.volume("root", PV.segment(at: 0, count: 2, ("pv0", 7))))
        volume.put(text: text, start: start)
        let volumes = read([volume])
        #expect(volumes.warnings == [])
        #expect(try bytes("vg/root", volumes) == volume.extents(7, 2))
    }

    @Test func theHighestNumberOfChangesCounts() throws {
        var pair = pair
        for (index, sequence) in [9, 10].enumerated() {
            let volume = PV.volume("root", PV.segment(at: 0, count: 1, ("pv0", sequence)))
            let text = PV.group(sequence: sequence, pair, volume)
            pair[index].put(text: text)
        }
        #expect(try bytes("vg/root", read(pair)) == pair[0].extents(10, 1))
        #expect(try bytes("vg/root", read(pair.reversed())) == pair[0].extents(10, 1))
    }

    @Test func oneOfTwoAreasIsEnough() throws {
        let end = PV.dataStart + 16 * PV.extentSize
        for damaged in [0, 1] {
            var volume = PV("a", extents: 16, areas: [4096..<PV.dataStart, end..<end + 8192])
            volume.fillExtents(7)
            let text = PV.group([volume], PV.volume("root", PV.segment(at: 0, count: 2, ("pv0", 1))))
            for area in [0, 1] { volume.put(text: text, area: area, start: 600) }
            volume.bytes[[4096, end][damaged] + 700] ^= 1
            let volumes = read([volume])
            #expect(try bytes("vg/root", volumes) == volume.extents(1, 2))
            #expect(volumes.warnings.count == 1)
            #expect(
                volumes.warnings.first?.hasPrefix(
                    "partition 1: LVM: metadata area at \([4096, end][damaged]): the checksum of the text is 0x"
                )
                    == true)
        }
    }

    /// A physical volume may leave the metadata to others.
    @Test func metadataOnOneOfTwo() throws {
        var second = PV("b", extents: 16, areas: [])
        second.fillExtents(3)
        var first = pair[0]
        first.put(
            text: PV.group([first, second], PV.volume("data", PV.segment(at: 0, count: 4, ("pv1", 12)))))
        let volumes = read([second, first])
        #expect(try bytes("vg/data", volumes) == second.extents(12, 4))
        #expect(volumes.all.first?.place == 0)
    }

    @Test func noVolumesWithoutAGroup() {
        var ignored = pair[0]
        ignored.put(
            text: PV.group([ignored], PV.volume("a", PV.segment(at: 0, count: 1, ("pv0", 0)))), flags: 1)
        let volumes = read([ignored, pair[1]])
        #expect(volumes.all.isEmpty)
        #expect(volumes.warnings == [])
    }

    private func warning(_ change: (inout PhysicalVolumeBytes) -> Void) -> String {
        var volume = pair[0]
        volume.put(text: PV.group([volume], ""))
        change(&volume)
        return read([volume]).warnings.joined(separator: "; ")
    }

    @Test func damagedHeaders() {
        #expect(warning { _ in } == "")
        #expect(warning { $0.bytes[4096 + 5] ^= 1 }.contains("metadata area at 4096: magic at 4100 is "))
        #expect(warning { $0.bytes[4096 + 500] ^= 1 }.contains("checksum_xl of the header is 0x"))
        #expect(
            warning { $0.putHeader(0, start: 511, count: 5, checksum: 0) }.contains(
                "raw_locn offset at 4136 is 511, expected 512...12287"))
        #expect(
            warning { $0.putHeader(0, start: 512, count: 11_777, checksum: 0) }.contains(
                "raw_locn size at 4144 is 11777, expected 1...11776"))
        #expect(
            warning { $0.putHeader(0, start: .max, count: .max, checksum: 0) }.contains(
                "raw_locn offset at 4136"))
        #expect(
            warning { $0.bytes.removeLast($0.bytes.count - 4300) }.contains("header at 4096 takes 512 bytes"))
        #expect(
            warning { $0.bytes.removeLast($0.bytes.count - 9000) }.contains(
                "the metadata area at 4096 takes 12288 bytes, but the end is at 9000"))
    }

    /// The label says that the metadata lies where no disk has it.
    @Test func areasBehindTheEnd() {
        let found = warning { volume in
            for index in 616..<632 { volume.bytes[index] = 0xFF }
        }
        #expect(
            found
                == "partition 1: LVM: metadata area at 18446744073709551615: header at 18446744073709551615 takes 512 bytes, but the end is at 81920"
        )
        #expect(
            warning { volume in for index in 616..<1024 { volume.bytes[index] = 0xFF } }.hasSuffix(
                "area size at 1024 is cut off after 512 bytes"))
    }

    @Test func damagedTexts() {
        #expect(warning { $0.put(text: "vg {") }.contains("the text ends inside a section"))
        #expect(warning { $0.put(text: "version = 1") }.contains("describes 0 volume groups, expected 1"))
        #expect(warning { $0.put(text: "-vg { }") }.contains("the impossible name -vg"))
        #expect(warning { $0.put(text: "vg { }") }.contains("extent_size is missing, or no integer"))
        #expect(
            warning { $0.put(text: "vg { extent_size = 0 }") }.contains(
                "extent_size is 0, expected 1...4294967295"))
        #expect(
            warning {
                $0.put(
                    text:
                        "vg { extent_size = 8 physical_volumes { pv0 { id = \"a\" pe_count = 4294967295 pe_start = 9223372036854775807 } } }"
                )
            }.contains(
                "physical volume pv0: pe_start 9223372036854775807 and pe_count 4294967295 give more than"))
    }

    // MARK: Reasons

    @Test func whatIsNotThere() {
        let pair = pair
        let text = PV.group(
            pair,
            PV.volume("root", PV.segment(at: 0, count: 1, ("pv0", 0)))
                + PV.volume(
                    "both", PV.segment(at: 0, count: 1, ("pv0", 1)), PV.segment(at: 1, count: 1, ("pv1", 0))))
        var first = pair[0]
        first.put(text: text)
        #expect(
            reasons(read([first])) == [
                "vg/root: read",
                "vg/both: it lies on the physical volume bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb too, which is not on this disk",
            ])
        #expect(
            reasons(
                read(
                    pair,
                    PV.group(
                        pair, flags: "\"MISSING\"", PV.volume("root", PV.segment(at: 0, count: 1, ("pv0", 0)))
                    )))
                == ["vg/root: LVM has gone on without partition 1, so what is there may be old"])
    }

    @Test func otherTypes() {
        let pair = pair
        let only = "only linear and striped volumes are read here, others by LVM (package lvm2)"
        let text = PV.group(
            pair,
            PV.volume("pool", PV.segment(count: 8, type: "thin-pool"))
                + PV.volume("pool_tdata", isVisible: false, PV.segment(at: 0, count: 8, ("pv0", 0)))
                + PV.volume("cached", PV.segment(count: 8, type: "cache+METADATA_FORMAT"))
                + PV.volume("moving", PV.segment(at: 0, count: 1, ("pvmove0", 0))))
        #expect(
            reasons(read(pair, text)) == [
                "vg/pool: it is of the type thin-pool; \(only)",
                "vg/cached: it is of the type cache; \(only)",
                "vg/moving: it lies on pvmove0, which is no partition or disk; \(only)",
            ])
    }

    /// The origin is what it was written to be. The snapshot is known by the name of its store, which holds the differences alone.
    @Test func snapshots() {
        let pair = pair
        func text(_ store: String) -> String {
            PV.group(
                pair,
                PV.volume("root", PV.segment(at: 0, count: 2, ("pv0", 0)))
                    + PV.volume("before", isVisible: false, PV.segment(at: 0, count: 1, ("pv0", 2)))
                    + PV.volume(
                        "snapshot0",
                        PV.segment(count: 2, type: "snapshot", "origin = \"root\"\n\(store) = \"before\"")))
        }
        let only = "only linear and striped volumes are read here, others by LVM (package lvm2)"
        let snapshot = "vg/before: it is a snapshot of root; \(only)"
        #expect(reasons(read(pair, text("cow_store"))) == ["vg/root: read", snapshot])
        #expect(
            reasons(read(pair, text("merging_store"))) == [
                "vg/root: it is being replaced by a snapshot of it; \(only)", snapshot,
            ])
    }

    @Test(
        arguments: [
            (
                PV.segment(at: 0, count: 17, ("pv0", 0)),
                "it takes 17 extents from 0 on of partition 1, which has 16"
            ),
            (
                PV.segment(at: 0, count: 1, ("pv0", 4_294_967_295)),
                "it takes 1 extents from 4294967295 on of partition 1, which has 16"
            ),
            (PV.segment(at: 1, count: 1, ("pv0", 0)), "segment1 starts at extent 1, expected 0"),
            (
                PV.segment(at: 0, count: 0, ("pv0", 0)),
                "segment1: extent_count is 0, expected 1...4294967295"
            ),
            (
                PV.segment(at: 0, count: 3, ("pv0", 0), ("pv1", 0)),
                "segment1: extent_count is 3, expected a multiple of stripe_count 2"
            ),
            (
                PV.segment(at: 0, count: 2, chunk: 3, ("pv0", 0), ("pv1", 0)),
                "segment1: stripe_size is 3, which does not divide 1 extents of 4096 bytes"
            ),
            (
                PV.segment(at: 0, count: 2, chunk: 0, ("pv0", 0), ("pv1", 0)),
                "segment1: stripe_size is 0, expected 1...4294967295"
            ),
            (
                PV.segment(at: 0, count: 1, ("pv0", -1)),
                "segment1: stripes has something else than names and extents"
            ),
            (
                "start_extent = 0 extent_count = 1 type = \"striped\" stripe_count = 2 stripes = [\"pv0\", 0]",
                "segment1: stripes has 2 values, expected 4 for stripe_count"
            ),
            ("extent_count = 1", "segment1: start_extent is missing, or no integer"),
        ])
    func damagedSegments(_ segment: String, _ reason: String) {
        let pair = pair
        #expect(reasons(read(pair, PV.group(pair, PV.volume("root", segment)))) == ["vg/root: \(reason)"])
    }

    @Test func noSegments() {
        let pair = pair
        let text = PV.group(pair, PV.volume("root")).replacing("segment_count = 0", with: "segment_count = 9")
        #expect(reasons(read(pair, text)) == ["vg/root: segment_count is 9, expected 0...0"])
        #expect(reasons(read(pair, PV.group(pair, PV.volume("root")))) == ["vg/root: it has no segments"])
    }

    /// The disk of a volume was cut off.
    @Test func theEndIsMissing() {
        let pair = pair
        var volumes = pair
        for index in 0...1 {
            volumes[index].put(
                text: PV.group(pair, PV.volume("root", PV.segment(at: 0, count: 16, ("pv0", 0)))))
        }
        volumes[0].bytes.removeLast(1)
        #expect(
            reasons(read(volumes)) == ["vg/root: it ends at byte 81920 of partition 1, which has 81919 bytes"]
        )
    }

    // MARK: Warnings

    @Test func overlaps() throws {
        let pair = pair
        let text = PV.group(
            pair,
            PV.volume("a", PV.segment(at: 0, count: 3, ("pv0", 0)))
                + PV.volume("b", PV.segment(at: 0, count: 1, ("pv0", 2)))
                + PV.volume("c", PV.segment(at: 0, count: 1, ("pv1", 2))))
        let volumes = read(pair, text)
        #expect(volumes.warnings == ["volumes vg/a and vg/b overlap"])
        #expect(try bytes("vg/b", volumes) == pair[0].extents(2, 1))
    }

    @Test func copiesOfAPhysicalVolume() throws {
        let pair = pair
        let text = PV.group([pair[0]], PV.volume("a", PV.segment(at: 0, count: 1, ("pv0", 0))))
        var copy = pair[0]
        copy.fillExtents(99)
        let volumes = read([pair[0], copy], text)
        #expect(
            volumes.warnings == [
                "partition 1 and partition 2 have the same physical volume of LVM; the first is used"
            ])
        #expect(try bytes("vg/a", volumes) == pair[0].extents(0, 1))
    }

    @Test func groupsWithOneName() {
        var pair = pair
        for index in 0...1 {
            let volume = PV.volume("a", PV.segment(at: 0, count: 1, ("pv0", 0)))
            let text = PV.group(id: "\(index)", [pair[index]], volume)
            pair[index].put(text: text)
        }
        #expect(reasons(read(pair)) == ["vg/a: read", "vg/a: another volume is called the same"])
    }

    /// What takes long to decode is left, and said.
    @Test func slowMetadata() {
        final class Slow: Source {
            let content: MemorySource
            var size: UInt64 { content.size }
            init(_ bytes: [UInt8]) { content = MemorySource(bytes) }
            func decodingTime(at offset: UInt64?) -> UInt64 { 300 }
            func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
                try content.fill(&buffer, at: offset)
            }
        }
        var volume = pair[0]
        volume.put(text: PV.group([volume], PV.volume("a", PV.segment(at: 0, count: 1, ("pv0", 0)))))
        for (limit, count) in [(299, 0), (300, 1)] as [(UInt64, Int)] {
            var time = limit
            let volumes = LogicalVolumes(on: [("the disk", Slow(volume.bytes))], within: &time)
            #expect(volumes.all.count == count)
            #expect(time == (count == 0 ? limit : 0))
            #expect(
                volumes.warnings
                    == (count == 1
                        ? []
                        : [
                            "the disk: LVM: the metadata takes too long to decode, so logical volumes may be missing"
                        ]))
        }
    }
}
