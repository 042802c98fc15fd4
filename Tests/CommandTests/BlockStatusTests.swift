import Foundation
import TestSupport
import Testing

/// Compares what clients are told of a disk with what qemu's programs say.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct BlockStatusTests {
    private typealias Status = QemuImage.Context

    /// The server's answers in the context `name`.
    private func map(_ name: String, _ uri: String) throws -> [Status] {
        let result = try Tool.nbdinfo.run("--json", "--map=\(name)", uri)
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode([Status].self, from: result.data)
    }

    /// The output of `qemu-img map` with these arguments.
    private func qemuMap(_ arguments: [String]) throws -> [QemuImage.MapEntry] {
        let result = try Tool.qemuImg.run(["map", "--output=json"] + arguments)
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode([QemuImage.MapEntry].self, from: result.data)
    }

    /// Joins neighbours in `map` that say the same: the server decides where to cut them.
    private func joined(_ map: [Status]) -> [[UInt64]] {
        var joined: [Status] = []
        for status in map {
            if let last = joined.last, last.type == status.type {
                joined[joined.count - 1].length += status.length
            } else {
                joined.append(status)
            }
        }
        return joined.map { [$0.offset, $0.length, UInt64($0.type)] }
    }

    /// Cuts every range in `map` where one in `other` ends. Both maps begin at 0.
    private func cut(_ map: [Status], by other: [Status]) -> [Status] {
        let ends = other.map { $0.offset + $0.length }
        return map.flatMap { status -> [Status] in
            let end = status.offset + status.length
            let cuts = [status.offset] + ends.filter { $0 > status.offset && $0 < end } + [end]
            return zip(cuts, cuts.dropFirst()).map {
                Status(offset: $0, length: $1 - $0, type: status.type)
            }
        }
    }

    /// Compares ranges in `base:allocation` with qemu's. Ours may be zeroes (2) where qemu has data (0), if the data
    /// reads as zeroes: qemu does not check if the file has a hole there.
    private func expect(
        _ ours: [Status], agreesWith theirs: [Status], _ content: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let pairs = Array(zip(cut(ours, by: theirs), cut(theirs, by: ours)))
        #expect(
            ours.map(\.length).reduce(0, +) == theirs.map(\.length).reduce(0, +),
            sourceLocation: sourceLocation)
        for (our, their) in pairs {
            #expect(our.offset == their.offset && our.length == their.length, sourceLocation: sourceLocation)
            let range = Int(our.offset)..<Int(our.offset + our.length)
            let isZero = our.type == 2 && their.type == 0 && content[range].allSatisfy { $0 == 0 }
            #expect(
                our.type == their.type || isZero, "\(our) where qemu has \(their)",
                sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: StatusDisk.allCases)
    func allocationAndDepthAreThoseOfQemu(_ disk: StatusDisk) throws {
        try withTemporaryFolder { folder in
            let image = try disk.make(in: folder)
            let content = try image.content()
            try withServer(image.url, "--format", image.format == "raw" ? "raw" : "qcow2") { server in
                expect(
                    try map("base:allocation", server.uri),
                    agreesWith: try image.context("base:allocation", []), content)
                #expect(
                    try joined(map("qemu:allocation-depth", server.uri))
                        == joined(image.context("qemu:allocation-depth", ["-A"])))
                func flags(_ map: [QemuImage.MapEntry]) -> [Status] {
                    map.map {
                        .init(
                            offset: $0.start, length: $0.length, type: ($0.data ? 0 : 1) + ($0.zero ? 2 : 0))
                    }
                }
                expect(
                    flags(try qemuMap(["-f", "raw", server.uri])), agreesWith: flags(try image.map()),
                    content)
            }
        }
    }

    private static let names = [
        "b0", "with:colon:", "über ☃", "e\u{301}", "\u{e9}", String(repeating: "n", count: 1023),
    ]

    @Test(arguments: [512, 65_536, 2 << 20], ["512", "64k", "1M", "2G"])
    func dirtyBitmapIsThatOfQemu(_ clusterSize: Int, _ granularity: String) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: 200 << 20, ["-o", "cluster_size=\(clusterSize)"])
            try image.io(["write -q -P 1 50M 1M"])
            try image.img(["bitmap", "--add", "-g", granularity], ["b"])
            try image.img(["bitmap", "--add", "--disable", "-g", granularity], ["clean"])
            try image.io([
                "write -q -P 2 0 512", "write -q -P 2 1024 512", "write -q -P 2 3M 70k", "write -q -z 16M 3M",
                "write -q -P 2 130M 600k", "write -q -P 2 \(200 << 20 - 512) 512",
            ])
            try withServer(image.url) { server in
                for name in ["b", "clean"] {
                    let context = "qemu:dirty-bitmap:\(name)"
                    let theirs = try joined(image.context(context, ["-B", name]))
                    #expect(try joined(map(context, server.uri)) == theirs)
                    // qemu-img calls dirty what is not data for a client that has another context for base:allocation.
                    let options =
                        "driver=nbd,server.type=unix,server.path=\(server.socket.path),x-dirty-bitmap=\(context)"
                    let byQemu = try qemuMap(["--image-opts", options]).map {
                        Status(offset: $0.start, length: $0.length, type: $0.data ? 0 : 1)
                    }
                    #expect(joined(byQemu) == theirs)
                }
            }
        }
    }

    @Test func bitmapsOfEveryNameAreServed() throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(folder.appending(path: "disk.qcow2"), size: 8 << 20)
            for (number, name) in Self.names.enumerated() {
                try image.img(["bitmap", "--add"], [name])
                try image.io(["write -q -P 1 \(number)M 64k"])
            }
            let contexts = Self.names.map { "qemu:dirty-bitmap:" + $0 }
            try withServer(image.url) { server in
                let listing = try Tool.nbdinfo.run("--list", "--json", server.uri)
                #expect(listing.status == 0, "\(listing.errors)")
                for name in Self.names {
                    #expect(
                        listing.data.firstRange(of: Data("\"qemu:dirty-bitmap:\(name)\"".utf8)) != nil,
                        "\(name)")
                }
                for (context, name) in zip(contexts, Self.names) {
                    let ours = try joined(map(context, server.uri))
                    #expect(ours == (try joined(image.context(context, ["-B", name]))), "\(name)")
                    #expect(ours.contains { $0[2] == 1 })
                }
                let unknown = try Tool.nbdinfo.run("--json", "--map=qemu:dirty-bitmap:other", server.uri)
                #expect(unknown.status != 0)
                #expect(unknown.errors.contains("qemu:dirty-bitmap:other"))
            }
        }
    }

    @Test(.needs(.sfdisk, .xz))
    func partitionHasItsPartOfEveryContext() throws {
        try withTemporaryFolder { folder in
            let base = try QemuImage.convert(TestDisk.shared().raw, to: folder.appending(path: "base"))
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), ["-b", base.url.lastPathComponent, "-F", "qcow2"])
            try image.img(["bitmap", "--add", "-g", "1M"], ["b"])
            try image.io(["write -q -P 1 4M 1100k", "write -q -P 2 8M 64k", "write -q -P 3 11200k 64k"])
            try withServer(image.url) { server in
                let (start, end) = (UInt64(TestDisk.second.lowerBound), UInt64(TestDisk.second.upperBound))
                for context in ["base:allocation", "qemu:allocation-depth", "qemu:dirty-bitmap:b"] {
                    let part = try map(context, server.uri).compactMap { status -> Status? in
                        let first = max(status.offset, start)
                        let last = min(status.offset + status.length, end)
                        guard first < last else { return nil }
                        return Status(offset: first - start, length: last - first, type: status.type)
                    }
                    #expect(try joined(map(context, server.uri(of: "p2"))) == joined(part), "\(context)")
                    #expect(Set(part.map(\.type)).count > 1, "\(context)")
                }
            }
        }
    }
}
