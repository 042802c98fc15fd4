import Foundation
import Testing
import TestSupport

/// The output of `vitrine info` for qcow2 images.
@Suite(.needs(.qemuImg, .qemuIO, .xz))
struct InfoQCOW2Tests {
    private func report(_ image: URL, _ options: String...) throws -> [String: Any] {
        let result = try Program([Vitrine.path(), "info", image.path, "--json"] + options).wait()
        try #require(result.status == 0, "\(result.errors)")
        return try #require(JSONSerialization.jsonObject(with: result.data) as? [String: Any])
    }

    private func layer(_ image: URL) throws -> [String: Any] {
        let layers = try report(image)["layers"] as? [[String: Any]]
        return try #require(layers?.last)
    }

    /// The output of `qemu-img info`.
    private func byQemu(_ image: URL) throws -> [String: Any] {
        let result = try Tool.qemuImg.run("info", "--output=json", image.path)
        return try #require(JSONSerialization.jsonObject(with: result.data) as? [String: Any])
    }

    @Test(arguments: ["luks", "aes"])
    func encryptedByQemu(_ method: String) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: 1 << 20,
                [
                    "--object", "secret,id=key,data=abcdefgh",
                    "-o",
                    "encrypt.format=\(method),encrypt.key-secret=key"
                        + (method == "luks" ? ",encrypt.iter-time=10" : ""),
                ])
            #expect(try layer(image.url)["encryption"] as? String == method)
            let served = try Vitrine.run("serve", image.url.path, "--run", "true")
            #expect(served.status == 1)
            #expect(
                served.errors.hasSuffix(
                    "the disk is encrypted (\(method.uppercased())): it can be described, but not read\n"))
        }
    }

    @Test(arguments: [
        ["compat=0.10"], ["compat=1.1"], ["compression_type=zstd", "cluster_size=2M"],
        ["extended_l2=on", "lazy_refcounts=on"], ["refcount_bits=1", "cluster_size=512"],
    ])
    func jsonSaysWhatQemuSays(_ options: [String]) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: 8 << 20,
                ["-o", options.joined(separator: ",")])
            try image.io(["write -q -P 3 1M 300k", "write -q -c -P 3 4M 2M"])
            let ours = try layer(image.url)
            let theirs = try byQemu(image.url)
            let specific = try #require(
                (theirs["format-specific"] as? [String: Any])?["data"] as? [String: Any])
            #expect(ours["format"] as? String == theirs["format"] as? String)
            #expect(ours["size"] as? Int == theirs["virtual-size"] as? Int)
            #expect(ours["cluster-size"] as? Int == theirs["cluster-size"] as? Int)
            #expect(ours["file-size-on-disk"] as? Int == theirs["actual-size"] as? Int)
            #expect(ours["dirty"] as? Bool == theirs["dirty-flag"] as? Bool)
            #expect(ours["version"] as? Int == (specific["compat"] as? String == "0.10" ? 2 : 3))
            #expect(ours["compression"] as? String == specific["compression-type"] as? String)
            #expect(ours["refcount-bits"] as? Int == specific["refcount-bits"] as? Int)
            #expect(ours["extended-l2"] as? Bool == specific["extended-l2"] as? Bool ?? false)
            #expect(ours["lazy-refcounts"] as? Bool == specific["lazy-refcounts"] as? Bool ?? false)
            #expect(ours["corrupt"] as? Bool == specific["corrupt"] as? Bool ?? false)
            let check = try Tool.qemuImg.run("check", "--output=json", image.url.path)
            let counts = try #require(JSONSerialization.jsonObject(with: check.data) as? [String: Any])
            for key in ["total-clusters", "allocated-clusters", "compressed-clusters"] {
                #expect(ours[key] as? Int == counts[key] as? Int ?? 0, "\(key)")
            }
        }
    }

    @Test func textOfEverything() throws {
        try withTemporaryFolder { folder in
            let base = try QemuImage.create(folder.appending(path: "base.raw"), format: "raw", size: 1 << 20)
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: 64 << 20,
                ["-b", base.url.path, "-F", "raw", "-o", "lazy_refcounts=on"])
            try image.io(["write -q -P 3 1M 64k", "write -q -c -P 3 2M 192k", "write -q -z 4M 128k"])
            for number in 1...12 { try image.img(["snapshot", "-q", "-c", "snap\(number)"]) }
            try image.img(["bitmap", "--add", "-g", "1M"], ["nightly"])
            let result = try Vitrine.run("info", image.url.path)
            #expect(result.status == 0)
            #expect(result.errors == "")
            let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map(
                String.init)
            #expect(lines.first == "disk.qcow2: qcow2, 64 MiB (67108864 bytes)")
            for line in [
                "  version              3", "  cluster size         64 KiB (65536 bytes)",
                "  compression          zlib", "  lazy refcounts       yes",
                "  compatible features  lazy refcounts", "  autoclear features   bitmaps",
                "  backing file         \(base.url.path)", "  backing format       raw",
                "  allocated            256 KiB (262144 bytes)", "  clusters             1024",
                "  with data            4 (0.4 %)", "  compressed           3 (75.0 %)",
                "  zero                 2", "snapshots (12)", "  ... and 2 more", "bitmaps (1)",
                "  name     granularity  in use  auto  not served because",
                "  nightly  1 MiB        no      yes",
                "the partitions were not read: the image names other files, and none is opened to describe it",
            ] {
                #expect(lines.contains(line), "\(line)\n\(result.output)")
            }
            let snapshot = try #require(lines.first { $0.hasPrefix("  10  snap10  64 MiB") })
            #expect(snapshot.hasSuffix(" UTC"))
            #expect(!lines.contains { $0.contains("snap11") })
            let layer = try layer(image.url)
            #expect((layer["snapshots"] as? [[String: Any]])?.count == 12)
            #expect(layer["total-snapshots"] as? Int == 12)
            let bitmaps = try #require(layer["bitmaps"] as? [[String: Any]])
            #expect(bitmaps.map { $0["name"] as? String } == ["nightly"])
            #expect(bitmaps.first?["problem"] is NSNull)
            let theirs = try #require(byQemu(image.url)["snapshots"] as? [[String: Any]])
            let ours = try #require(layer["snapshots"] as? [[String: Any]])
            for (ours, theirs) in zip(ours, theirs) {
                for key in ["id", "name"] { #expect(ours[key] as? String == theirs[key] as? String) }
                for key in ["date-sec", "date-nsec", "vm-clock-sec", "vm-clock-nsec", "vm-state-size"] {
                    #expect(ours[key] as? Int == theirs[key] as? Int, "\(key)")
                }
            }
        }
    }

    /// A missing backing file does not matter.
    @Test func overlayOfAMissingFile() throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: 1 << 20,
                ["-u", "-b", "/nonexistent", "-F", "qcow2"])
            let layer = try layer(image.url)
            #expect(layer["backing-file"] as? String == "/nonexistent")
            #expect(layer["backing-format"] as? String == "qcow2")
            #expect(try report(image.url)["partition-table"] is NSNull)
        }
    }

    /// Unknown values are null for programs, and words for people.
    @Test func backingFileWithoutAFormat() throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow"), format: "qcow", size: 1 << 20,
                ["-u", "-b", "base", "-F", "raw"])
            let layer = try layer(image.url)
            #expect(layer["backing-file"] as? String == "base")
            #expect(layer["backing-format"] is NSNull)
            let text = try Vitrine.run("info", image.url.path)
            #expect(text.output.contains("\n  backing format  not recorded\n"), "\(text.output)")
        }
    }

    /// The warning comes before any of the disk is read.
    @Test func fileThatWasCutShort() throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(folder.appending(path: "disk.qcow2"), size: 1 << 20)
            try image.io(["write -q -P 3 0 1M"])
            #expect(try layer(image.url)["missing-clusters"] == nil)
            let whole = try Data(contentsOf: image.url)
            try whole.dropLast(5 * 65_536).write(to: image.url)
            let warning =
                "qcow2: 5 of the 16 clusters that the L2 tables name, 320 KiB, lie past the end of the file at "
                + "\(whole.count - 5 * 65_536), the first for disk offset 720896: it is cut short, and reading these fails"
            #expect(try layer(image.url)["missing-clusters"] as? Int == 5)
            #expect(try report(image.url)["warnings"] as? [String] == [warning])
            let results = [
                try Vitrine.run("info", image.url.path),
                try Vitrine.run("serve", image.url.path, "--run", "true"),
            ]
            for result in results {
                #expect(result.status == 0)
                #expect(result.errors == "vitrine: warning: \(warning)\n")
            }
        }
    }

    @Test func encryptedDisk() throws {
        try withTemporaryFolder { folder in
            let image = folder.appending(path: "disk.qcow2")
            let made = try Tool.qemuImg.run(
                "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o",
                "encrypt.format=aes,encrypt.key-secret=s", image.path, "1M")
            try #require(made.status == 0, "\(made.errors)")
            let result = try Vitrine.run("info", image.path)
            #expect(result.status == 0)
            #expect(result.output.contains("\n  encryption      aes\n"), "\(result.output)")
            #expect(result.errors == "vitrine: warning: qcow2: the disk is encrypted (AES)\n")
            let serving = try Vitrine.run("serve", image.path)
            #expect(serving.status == 1)
            #expect(
                serving.errors
                    == "vitrine: \(image.path): qcow2: the disk is encrypted (AES): it can be described, but not read\n"
            )
        }
    }

    @Test func snapshotIsCopiedAndDescribed() throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(folder.appending(path: "disk.qcow2"), size: 1 << 20)
            try image.io(["write -q -P 3 0 1M"])
            try image.img(["snapshot", "-q", "-c", "before"])
            try image.io(["write -q -P 4 0 1M"])
            try image.img(["resize", "-q"], ["2M"])
            let result = try Vitrine.run("copy", image.url.path, "-", "--snapshot", "before")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.data == Data(repeating: 3, count: 1 << 20))
            #expect(try report(image.url, "--snapshot", "1")["size"] as? Int == 1 << 20)
            let missing = try Vitrine.run("info", image.url.path, "--snapshot", "after")
            #expect(
                missing.errors
                    == "vitrine: \(image.url.path): qcow2: there is no snapshot \"after\" among the 1 of the "
                    + "image; vitrine info lists them\n")
        }
    }
}
