import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Warnings about truncated images before any read: they name exactly the data that reading fails for.
@Suite(.needs(.qemuImg, .qemuIO))
struct ShortfallTests {
    /// A kind of image that qemu makes.
    struct Kind: Sendable, CustomStringConvertible {
        var format = "qcow2"
        var options: [String] = []
        var clusterSize: UInt64 = 65_536
        var isCompressed = false

        var description: String { "\(format) \(options)\(isCompressed ? " compressed" : "")" }
    }

    private static let size = 1 << 20

    private static let kinds = [
        Kind(), Kind(options: ["-o", "cluster_size=512"], clusterSize: 512),
        Kind(options: ["-o", "cluster_size=256k"], clusterSize: 1 << 18),
        Kind(options: ["-o", "extended_l2=on"]), Kind(options: ["-o", "preallocation=metadata"]),
        Kind(isCompressed: true), Kind(options: ["-o", "compression_type=zstd"], isCompressed: true),
        Kind(format: "qcow", clusterSize: 4096), Kind(format: "qcow", clusterSize: 4096, isCompressed: true),
        Kind(format: "vmdk"),
    ]

    private func open(_ url: URL) throws -> Image {
        try Image.open(url.path, OpenOptions(engine: Engine(memory: Engine.minimumMemory, threads: 1)))
    }

    /// The offsets of the clusters that cannot be read.
    private func unreadable(_ disk: any Source, _ clusterSize: UInt64) -> [UInt64] {
        stride(from: 0, to: disk.size, by: Int(clusterSize)).filter { start in
            (try? disk.bytes(at: start, count: Int(min(clusterSize, disk.size - start)))) == nil
        }
    }

    private func make(_ kind: Kind, in folder: URL) throws -> QemuImage {
        let raw = folder.appending(path: "raw")
        var random = SeededGenerator(seed: 5)
        // Compresses to about a half.
        var content = (0..<Self.size).map { _ in UInt8.random(in: 0..<16, using: &random) }
        content.replaceSubrange(300_000..<500_000, with: repeatElement(0, count: 200_000))
        try Data(content).write(to: raw)
        let url = folder.appending(path: "disk")
        guard kind.format == "qcow2", !kind.isCompressed else {
            // qemu-img writes compressed qcow images, but says that it failed.
            _ = try Tool.qemuImg.run(
                ["convert", "-f", "raw", "-O", kind.format] + kind.options + (kind.isCompressed ? ["-c"] : [])
                    + [raw.path, url.path])
            return QemuImage(url, format: kind.format)
        }
        let image = try QemuImage.create(url, size: UInt64(Self.size), kind.options)
        try image.io(["write -q -P 1 400k 200k", "write -q -P 2 100k 10k", "write -q -P 3 800k 200k"])
        return image
    }

    @Test(arguments: kinds)
    func isWhatReadingFailsFor(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            let image = try make(kind, in: folder)
            let whole = try Data(contentsOf: image.url)
            var random = SeededGenerator(seed: 6)
            let cuts =
                [0, 1, 511, 513, Int(kind.clusterSize), 5 * Int(kind.clusterSize)]
                + (0..<6).map { _ in Int.random(in: 0..<whole.count, using: &random) }
            var found: Set<Bool> = []
            for cut in cuts where cut < whole.count {
                try whole.dropLast(cut).write(to: image.url)
                // Where the header or L1 is missing there is nothing to open.
                guard let opened = try? open(image.url) else { continue }
                let lost = unreadable(opened.disk, kind.clusterSize)
                let warnings = opened.warnings.filter { $0.contains("it is cut short, and reading") }
                #expect(warnings.isEmpty == lost.isEmpty, "\(cut): \(warnings)")
                if let first = lost.first, !warnings.contains(where: { $0.contains(" L2 tables l") }),
                    !warnings.contains(where: { $0.contains(" grain tables l") })
                {
                    #expect(
                        warnings.first?.hasPrefix("\(kind.format): \(lost.count) of the ") == true
                            && warnings.first?.contains("the first for disk offset \(first): ") == true,
                        "\(cut): \(warnings), but \(lost.count) are, the first at \(first)")
                }
                let described = try ImageDescription.inspect(image.url.path).warnings
                #expect(described.filter { $0.contains("it is cut short, and reading") } == warnings)
                found.insert(lost.isEmpty)
            }
            #expect(found.count == 2)
        }
    }

    /// Some of a disk's very many tables are looked at on opening: those that lie last, and those that may name what
    /// lies last.
    @Test func lastTablesAreLookedAt() throws {
        let count = 5000
        var file = QCOW2File(clusterBits: 9, size: UInt64(count) << 15, l1Count: UInt32(count))
        file.put(UInt64(1024), at: 40)
        let tables = 1024 + (count * 8 + 511) / 512 * 512
        let data = tables + count * 512
        for number in 0..<count {
            // The first of them name what lies first, and the other way about.
            file.put(UInt64(tables + number * 512), at: 1024 + number * 8)
            file.put(UInt64(data + number * 512), at: tables + number * 512 + 8)
        }
        file.put([1], at: data + count * 512 - 1)
        file.truncate(to: file.bytes.count - 3 * 512)
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "disk")
            try Data(file.bytes).write(to: url)
            let place =
                "1.5 KiB, lie past the end of the file at \(file.bytes.count), the first for disk offset "
                + "\((count - 3) << 15 + 512): it is cut short, and reading these fails"
            #expect(
                try open(url).warnings == [
                    "qcow2: at least 3 of the clusters that the L2 tables name, \(place)"
                ])
            #expect(
                try ImageDescription.inspect(url.path).warnings == [
                    "qcow2: 3 of the 5000 clusters that the L2 tables name, \(place)"
                ])
            // Where the tables are missing too, that is told of all of them.
            file.truncate(to: tables + 10 * 512)
            try Data(file.bytes).write(to: url)
            let text =
                "qcow2: 4990 of the 5000 L2 tables lie past the end of the file at \(file.bytes.count), the first for "
                + "disk offset \(10 << 15): it is cut short, and reading what they tell of fails"
            #expect(try open(url).warnings.contains(text))
            #expect(try ImageDescription.inspect(url.path).warnings.contains(text))
        }
    }

    @Test(arguments: ["data_file_raw=on", "data_file_raw=off"])
    func dataFile(_ raw: String) throws {
        try withTemporaryFolder { folder in
            let data = folder.appending(path: "data")
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: 8 << 20, ["-o", "data_file=\(data.path),\(raw)"])
            try image.io(["write -q -P 1 1M 3M"])
            #expect(try open(image.url).warnings == [])
            try Data(contentsOf: data).prefix(3_000_000).write(to: data)
            let opened = try open(image.url)
            let lost = unreadable(opened.disk, 65_536)
            let isRaw = raw == "data_file_raw=on"
            #expect(
                opened.warnings == [
                    "qcow2: \(lost.count) of the \(isRaw ? 128 : 48) clusters that the L2 tables name, "
                        + "\(byteCount(UInt64(lost.count) << 16)), lie past the end of the data file at 3000000, the first for "
                        + "disk offset 3014656: it is cut short, and reading these fails"
                ])
            #expect(lost.first == 3_014_656)
            // Which would take opening another file.
            #expect(try ImageDescription.inspect(image.url.path).warnings == [])
        }
    }

    @Test(arguments: ["monolithicFlat", "twoGbMaxExtentSparse"])
    func extents(_ subformat: String) throws {
        try withTemporaryFolder { folder in
            let raw = folder.appending(path: "raw")
            try Data(repeating: 7, count: Self.size).write(to: raw)
            let image = try QemuImage.convert(
                raw, to: folder.appending(path: "disk.vmdk"), format: "vmdk",
                ["-o", "subformat=\(subformat)"])
            #expect(try open(image.url).warnings == [])
            let isFlat = subformat == "monolithicFlat"
            let extent = folder.appending(path: isFlat ? "disk-flat.vmdk" : "disk-s001.vmdk")
            let whole = try Data(contentsOf: extent)
            try whole.dropLast(200_000).write(to: extent)
            let opened = try open(image.url)
            let end = whole.count - 200_000
            #expect(
                opened.warnings == [
                    isFlat
                        ? "extent \"disk-flat.vmdk\": the extent takes \(Self.size) bytes from 0 on, but the end of the file "
                            + "is at \(end): it is cut short, and reading the last 195.3 KiB of the extent fails"
                        : "extent \"disk-s001.vmdk\": 3 of the 16 grains that the grain tables name, 192 KiB, lie past the "
                            + "end of the file at \(end), the first for disk offset 851968: it is cut short, and reading "
                            + "these fails"
                ])
            #expect(unreadable(opened.disk, 65_536).count == (isFlat ? 4 : 3))
        }
    }

    @Test func backingFileIsNamed() throws {
        try withTemporaryFolder { folder in
            let base = try QemuImage.create(folder.appending(path: "base"), size: 1 << 20)
            try base.io(["write -q -P 1 0 1M"])
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), ["-b", "base", "-F", "qcow2"])
            let whole = try Data(contentsOf: base.url)
            try whole.dropLast(65_536).write(to: base.url)
            #expect(
                try open(image.url).warnings == [
                    "backing file \"base\": qcow2: 1 of the 16 clusters that the L2 tables name, 64 KiB, lies past the end "
                        + "of the file at \(whole.count - 65_536), the first for disk offset 983040: it is cut short, and "
                        + "reading these fails"
                ])
        }
    }
}
