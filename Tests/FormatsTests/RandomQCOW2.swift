import Foundation
import TestSupport
import Testing

/// A random qcow2 image with some of everything in it, determined by its seed.
struct RandomQCOW2: Sendable, CustomTestStringConvertible {
    let seed: UInt64

    private let clusterSize: Int
    private let isVersion2: Bool
    private let options: [String]
    private let compresses: Bool
    private let snapshots: Int
    private let size: Int
    private let base: (format: String, size: Int)?

    /// The results of `made(in:)`.
    struct Made {
        let image: QemuImage
        /// The content of the disk at each snapshot, by the snapshot's name.
        let snapshots: [String: [UInt8]]
    }

    var testDescription: String {
        let backing = base.map { ", on \($0.format) of \($0.size) bytes" } ?? ""
        return "seed \(seed): \(options.joined(separator: ",")), \(size) bytes\(backing), "
            + "\(snapshots) snapshots"
    }

    init(seed: UInt64) {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        let clusterBits = Int.random(in: 9...21, using: &random)
        clusterSize = 1 << clusterBits
        isVersion2 = Int.random(in: 0..<4, using: &random) == 0
        compresses = Int.random(in: 0..<4, using: &random) > 0
        var refcountBits = 16
        var options = ["cluster_size=\(clusterSize)"]
        if isVersion2 {
            options.append("compat=0.10")
        } else {
            refcountBits = 1 << Int.random(in: 0...6, using: &random)
            options += ["compat=1.1", "refcount_bits=\(refcountBits)"]
            if Bool.random(using: &random) { options.append("compression_type=zstd") }
            if Bool.random(using: &random) { options.append("lazy_refcounts=on") }
            if clusterBits >= 14, Bool.random(using: &random) { options.append("extended_l2=on") }
        }
        self.options = options
        // A host cluster is counted once for each compressed cluster in it, in each snapshot.
        snapshots = refcountBits >= 8 ? Int.random(in: 0...2, using: &random) : 0
        let size = Self.randomSize(clusterSize, &random)
        self.size = size
        base =
            switch Int.random(in: 0..<6, using: &random) {
            case 0: ("raw", Self.randomSize(clusterSize, &random))
            case 1: ("qcow2", Self.randomSize(clusterSize, &random))
            case 2: ("qcow2", size)
            default: nil
            }
    }

    /// The size of a disk of a few clusters, or of a few hundred small ones. In three of four cases it is no multiple
    /// of theirs.
    private static func randomSize(_ clusterSize: Int, _ random: inout SeededGenerator) -> Int {
        let limit = min(max(clusterSize * 800, 64 << 10), max(clusterSize * 3, 2 << 20))
        let size = Int.random(in: 1...limit / 512, using: &random) * 512
        return Int.random(in: 0..<4, using: &random) == 0
            ? (size + clusterSize - 1) / clusterSize * clusterSize : size
    }

    /// Makes the image in `folder`, with the file below it.
    func made(in folder: URL) throws -> Made {
        var random = SeededGenerator(seed: ~seed)
        var arguments = ["-o", options.joined(separator: ",")]
        if let base {
            let below = try QemuImage.create(
                folder.appending(path: "base"), format: base.format, size: UInt64(base.size))
            var writes = try RandomWrites(
                seed: random.next(), size: base.size, clusterSize: 65_536, in: folder)
            try below.io(writes.mixed(8))
            arguments += ["-b", "base", "-F", base.format]
        }
        let image = try QemuImage.create(
            folder.appending(path: "disk.qcow2"), size: UInt64(size), arguments)
        var writes = try RandomWrites(seed: random.next(), size: size, clusterSize: clusterSize, in: folder)
        var contents: [String: [UInt8]] = [:]
        for number in 0...snapshots {
            if number > 0 {
                contents["at \(number)"] = try image.content()
                try image.img(["snapshot", "-q", "-c", "at \(number)"])
            }
            // Version 2 has no zeroes to put over a base where the disk grows, and no size in its snapshots.
            let resizes = !isVersion2 || number == 0 && base == nil
            try change(image, &writes, resizes: resizes, &random)
        }
        return Made(image: image, snapshots: contents)
    }

    /// Makes the changes before a snapshot, or before the end.
    private func change(
        _ image: QemuImage, _ writes: inout RandomWrites, resizes: Bool, _ random: inout SeededGenerator
    ) throws {
        for _ in 0..<2 {
            if compresses {
                // By a process of its own: qemu-io 7.2 cannot always write over what it has just compressed.
                try image.io(writes.compressed(Int.random(in: 1...8, using: &random)))
            }
            var commands = writes.mixed(Int.random(in: 1...12, using: &random))
            if resizes, Int.random(in: 0..<3, using: &random) == 0 {
                commands.append(writes.resize(to: Self.randomSize(clusterSize, &random)))
            }
            try image.io(commands)
        }
    }
}
