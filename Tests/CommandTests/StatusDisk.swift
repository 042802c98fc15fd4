import Foundation
import TestSupport

/// Images of every kind with some of everything, made by qemu.
enum StatusDisk: CaseIterable, Sendable {
    case raw, plain, version2, smallClusters, largeClusters, extendedL2, compressed, compressedZstd
    case preallocated, snapshot, oddSize, dataFile, rawDataFile, rawDataFileInPart
    case shorterBacking, longerBacking, shorterRawBacking, longerRawBacking, extendedL2Backing, chain

    private static let size: UInt64 = 8 << 20

    private static let writes = [
        "write -q -P 1 0 64k", "write -q -P 2 200k 300k", "write -q -z 640k 128k", "write -q -P 3 2M 2M",
        "write -q -z -u 3M 256k", "discard -q 2M 128k", "write -q -P 4 4198400 512", "write -q -z 5M 64k",
        "write -q -P 5 7M 900k",
    ]

    private static let otherWrites = [
        "write -q -P 6 64k 128k", "write -q -P 7 1M 1536k", "write -q -z 4M 192k", "write -q -P 8 6M 64k",
        "write -q -P 9 7M 1M",
    ]

    /// Makes the image in `folder`, with the files that it names.
    func make(in folder: URL) throws -> QemuImage {
        switch self {
        case .raw: try Self.image("disk.raw", in: folder, format: "raw")
        case .plain: try Self.image(in: folder)
        case .version2: try Self.image(in: folder, ["-o", "compat=0.10"])
        case .smallClusters: try Self.image(in: folder, ["-o", "cluster_size=512"])
        case .largeClusters: try Self.image(in: folder, ["-o", "cluster_size=2M"])
        case .extendedL2: try Self.image(in: folder, ["-o", "extended_l2=on"])
        case .compressed: try Self.compressed(in: folder, "zlib")
        case .compressedZstd: try Self.compressed(in: folder, "zstd")
        case .preallocated: try Self.image(in: folder, ["-o", "preallocation=metadata"])
        case .snapshot: try Self.withSnapshots(in: folder)
        case .oddSize: try Self.resized(in: folder, to: Self.size - 1536)
        case .dataFile:
            try Self.image(in: folder, ["-o", "data_file=\(folder.path)/data,data_file_raw=off"])
        case .rawDataFile:
            try Self.image(in: folder, ["-o", "data_file=\(folder.path)/data,data_file_raw=on"])
        case .rawDataFileInPart: try Self.rawDataFileInPart(in: folder)
        case .shorterBacking: try Self.overlay(in: folder, baseSize: 6_500_352)
        case .longerBacking: try Self.overlay(in: folder, baseSize: 12 << 20)
        case .shorterRawBacking: try Self.overlay(in: folder, "raw", baseSize: 6_500_352)
        case .longerRawBacking: try Self.overlay(in: folder, "raw", baseSize: 12 << 20)
        case .extendedL2Backing: try Self.overlay(in: folder, baseSize: 6 << 20, ["-o", "extended_l2=on"])
        case .chain: try Self.chain(in: folder)
        }
    }

    private static func image(
        _ name: String = "disk.qcow2", in folder: URL, format: String = "qcow2", _ arguments: [String] = []
    ) throws -> QemuImage {
        let image = try QemuImage.create(
            folder.appending(path: name), format: format, size: size, arguments)
        try image.io(writes)
        return image
    }

    private static func compressed(in folder: URL, _ type: String) throws -> QemuImage {
        let image = try QemuImage.create(
            folder.appending(path: "disk.qcow2"), size: size, ["-o", "compression_type=\(type)"])
        try image.io(["write -q -c -P 7 64k 320k", "write -q -c -P 7 6M 192k"] + writes)
        return image
    }

    private static func withSnapshots(in folder: URL) throws -> QemuImage {
        let image = try image(in: folder)
        try image.img(["snapshot", "-q", "-c", "first"])
        try image.io(otherWrites)
        try image.img(["snapshot", "-q", "-c", "second"])
        try image.io(["write -q -z 1M 1M"])
        return image
    }

    /// An image as qemu made it before 6.1: without entries for the clusters that were never written.
    private static func rawDataFileInPart(in folder: URL) throws -> QemuImage {
        let image = try Self.image(in: folder, ["-o", "data_file=\(folder.path)/data,data_file_raw=on"])
        var bytes = try Data(contentsOf: image.url)
        func word(at offset: Int) -> Int {
            bytes[offset..<offset + 8].reduce(0) { $0 << 8 | Int($1) } & 0x00FF_FFFF_FFFF_FE00
        }
        let table = word(at: word(at: 40))
        for cluster in [13..<32, 90..<100] {
            bytes.replaceSubrange(
                table + cluster.lowerBound * 8..<table + cluster.upperBound * 8,
                with: Data(count: cluster.count * 8))
        }
        try bytes.write(to: image.url)
        return image
    }

    private static func resized(in folder: URL, to size: UInt64) throws -> QemuImage {
        let image = try image(in: folder)
        try image.img(["resize", "-q", "--shrink"], ["\(size)"])
        return image
    }

    private static func overlay(
        in folder: URL, _ format: String = "qcow2", baseSize: UInt64, _ arguments: [String] = []
    ) throws -> QemuImage {
        let base = try image("base", in: folder, format: format)
        try base.img(["resize", "-q", "--shrink", "-f", format], ["\(baseSize)"])
        let overlay = try QemuImage.create(
            folder.appending(path: "disk.qcow2"), size: size, ["-b", "base", "-F", format] + arguments)
        try overlay.io(otherWrites)
        return overlay
    }

    /// An overlay of an overlay that is longer than the images below and above it.
    private static func chain(in folder: URL) throws -> QemuImage {
        _ = try image("base", in: folder)
        let middle = try QemuImage.create(
            folder.appending(path: "middle"), size: 10 << 20, ["-b", "base", "-F", "qcow2"])
        try middle.io(otherWrites + ["write -q -P 10 9M 64k"])
        let overlay = try QemuImage.create(
            folder.appending(path: "disk.qcow2"), size: 11 << 20, ["-b", "middle", "-F", "qcow2"])
        try overlay.io(["write -q -P 11 1M 64k", "write -q -z 2M 64k"])
        return overlay
    }
}
