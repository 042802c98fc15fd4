import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Snapshots inside qcow2 images.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct QCOW2SnapshotTests {
    @Test(arguments: ["compat=1.1", "compat=0.10", "extended_l2=on", "cluster_size=4096"])
    func snapshots(_ options: String) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: 4 << 20, ["-o", options])
            var writes = try RandomWrites(seed: 9, size: 4 << 20, clusterSize: 65_536, in: folder)
            var contents: [[UInt8]] = []
            for name in ["first", "2", "third one"] {
                try image.io(writes.mixed(10))
                try image.img(["snapshot", "-q", "-c", name])
                contents.append(try image.content())
            }
            try image.io(writes.mixed(10))
            try DiskChecks.expectSameAsQemu(image)
            func expect(_ snapshot: String, _ content: [UInt8]) throws {
                try DiskChecks.expect(DiskChecks.open(image.url, snapshot: snapshot).disk, reads: content)
            }
            try expect("first", contents[0])
            try expect("1", contents[0])
            // An ID comes before a name.
            try expect("2", contents[1])
            try expect("third one", contents[2])
            try expect("3", contents[2])
            let error = #expect(throws: ImageError.self) {
                try DiskChecks.open(image.url, snapshot: "no\u{7}ne")
            }
            #expect(
                error
                    == ImageError(
                        .unsupported,
                        "there is no snapshot \"no\\u{7}ne\" among the 3 of the image; vitrine info lists them",
                        path: ["qcow2"]))
        }
    }

    @Test func snapshotOfAnotherSize() throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(folder.appending(path: "disk.qcow2"), size: 4 << 20)
            try image.io(["write -q -P 3 1M 1M"])
            let content = try image.content()
            try image.img(["snapshot", "-q", "-c", "small"])
            try image.img(["resize", "-q"], ["700M"])
            let opened = try DiskChecks.open(image.url, snapshot: "small")
            #expect(opened.size == 4 << 20)
            #expect(opened.layers[0].size == 4 << 20)
            try DiskChecks.expect(opened.disk, reads: content)
            #expect(try DiskChecks.open(image.url).size == 700 << 20)
        }
    }

    @Test func rawDisksHaveNone() throws {
        let error = #expect(throws: ImageError.self) {
            try Image("disk.raw", MemorySource([1, 2, 3]), OpenOptions(snapshot: "1"))
        }
        #expect(error?.description == "raw: vitrine opens no snapshots in this format")
    }

    /// An image with `count` snapshots called a, b and so on, behind its L2 table.
    private func file(count: UInt32, listed: UInt32, _ change: (inout [UInt8], Int) -> Void = { _, _ in })
        -> QCOW2File
    {
        var file = QCOW2File()
        var offset = file.bytes.count
        file.put(listed, at: 60)
        file.put(UInt64(offset), at: 64)
        for number in 0..<Int(count) {
            var entry = [UInt8](repeating: 0, count: 40 + 16)
            entry[5] = 1  // L1 table at 65536
            entry[11] = 1  // of 1 entry
            (entry[13], entry[15]) = (1, 1)
            entry[39] = 16
            entry[40 + 13] = 1  // a disk of 65536 bytes
            entry += [UInt8(97 + number % 26), UInt8(65 + number % 26)]
            while entry.count % 8 != 0 { entry.append(0) }
            change(&entry, number)
            file.put(entry, at: offset)
            offset += entry.count
        }
        return file
    }

    private func open(_ file: QCOW2File, _ snapshot: String) throws -> Image {
        try Image("disk.qcow2", MemorySource(file.bytes), OpenOptions(snapshot: snapshot))
    }

    @Test func snapshotsByHand() throws {
        let file = file(count: 3, listed: 3)
        #expect(try open(file, "b").size == 65_536)
        #expect(try open(file, "C").size == 65_536)
    }

    struct Broken: Sendable, CustomStringConvertible {
        var listed: UInt32 = 3
        var error: String
        var change: @Sendable (inout [UInt8]) -> Void = { _ in }
        var description: String { error }
    }

    /// The disk's present state can be read despite the damage.
    @Test(arguments: [
        Broken(listed: 65_537, error: "nb_snapshots at 60 is 65537, expected 65536 at most"),
        Broken(listed: 4, error: "snapshot at 196800 takes 40 bytes, but the end is at 196800"),
        Broken(error: "extra length at 196708 is 1025, expected 0...1024") { ($0[38], $0[39]) = (4, 1) },
        Broken(error: "snapshot at 196672 takes 65592 bytes, but the end is at 196800") {
            ($0[12], $0[13]) = (0xFF, 0xFF)
        },
    ])
    func listThatMakesNoSense(_ broken: Broken) throws {
        let file = file(count: 3, listed: broken.listed) { if $1 == 1 { broken.change(&$0) } }
        let error = #expect(throws: ImageError.self) { try open(file, "nothing") }
        #expect(error?.description == "qcow2: " + broken.error)
        let image = try file.open()
        #expect(image.warnings == ["qcow2: snapshots cannot be listed: \(broken.error)"])
        #expect(try image.disk.bytes(at: 0, count: 512).allSatisfy { $0 == 0 })
    }

    @Test(arguments: [
        Broken(error: "snapshot \"b\": l1_size is 4278190081, expected 4194304 at most") { $0[8] = 0xFF },
        Broken(error: "snapshot \"b\": l1_size is 0, but a disk of 65536 bytes takes 1") { $0[11] = 0 },
        Broken(
            error: "snapshot \"b\": l1_table_offset is 65537, expected a multiple of the cluster size, 65536"
        ) { $0[7] = 1 },
        Broken(
            error: "snapshot \"b\": the L1 table at 1099511693312 takes 8 bytes, but the end is at 196800"
        ) { $0[2] = 1 },
        Broken(
            error:
                "snapshot \"b\": disk size is 18374686479671689216, expected 9223372036854775807 at most"
        ) { $0[48] = 0xFF },
    ])
    func tableThatMakesNoSense(_ broken: Broken) throws {
        let file = file(count: 3, listed: 3) { if $1 == 1 { broken.change(&$0) } }
        let error = #expect(throws: ImageError.self) { try open(file, "b") }
        #expect(error?.description == "qcow2: " + broken.error)
        #expect(try open(file, "c").size == 65_536)
        #expect(try file.open().warnings == [])
    }

    /// Only so many are listed, and the report says so.
    @Test func tensOfThousands() throws {
        let file = file(count: 65_536, listed: 65_536)
        let properties = try file.inspect().layers[0].properties
        let listed = properties.compactMap { property -> (Int, UInt64)? in
            if case .records(let records, let total) = property.value { (records.count, total) } else { nil }
        }
        #expect(listed.map(\.0) == [1024])
        #expect(listed.map(\.1) == [65_536])
        #expect(try open(file, "z").size == 65_536)
    }
}
