import Foundation
import TestSupport

/// qemu-io commands that fill an image with some of everything, the same in every run.
struct RandomWrites {
    private var random: SeededGenerator
    private var size: Int
    private let clusterSize: Int
    /// The clusters that were written to.
    private var written: Set<Int> = []
    /// A file of varied data.
    private let pattern: URL

    /// Creates commands for a disk of `size` bytes, with data from a file that is made in `folder`.
    init(seed: UInt64, size: Int, clusterSize: Int, in folder: URL) throws {
        random = SeededGenerator(seed: seed)
        self.size = size
        self.clusterSize = clusterSize
        pattern = folder.appending(path: "pattern")
        if !pattern.exists {
            let bytes = TestContent.mixture.bytes(count: 300_001, &random)
            try Data(bytes).write(to: pattern)
        }
    }

    /// Writes compressed clusters here and there, never over ones that were written to: qemu refuses that.
    mutating func compressed(_ count: Int) -> [String] {
        let clusters = (size + clusterSize - 1) / clusterSize
        let numbers = (0..<count).map { _ in Int.random(in: 0..<clusters, using: &random) }
        let chosen = Set(numbers).subtracting(written)
        written.formUnion(chosen)
        return chosen.sorted().map {
            let offset = $0 * clusterSize
            return "write -q -c -s \(pattern.path) \(offset) \(min(clusterSize, size - offset))"
        }
    }

    /// Writes, zeroes and discards of all lengths.
    mutating func mixed(_ count: Int) -> [String] {
        (0..<count).map { _ in
            let length =
                [512, 4096, clusterSize, clusterSize * 3, 200_000 / 512 * 512]
                .randomElement(using: &random).map { min($0, size) } ?? 512
            let offset = Int.random(in: 0...(size - length) / 512, using: &random) * 512
            written.formUnion(offset / clusterSize...(offset + length - 1) / clusterSize)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: return "write -q -z \(offset) \(length)"
            case 1: return "write -q -z -u \(offset) \(length)"
            case 2:
                // qemu refuses to discard parts of clusters.
                let start = offset / clusterSize * clusterSize
                return "discard -q \(start) \(min(clusterSize * 2, size - start))"
            case 3: return "write -q -P \(Int.random(in: 1...255, using: &random)) \(offset) \(length)"
            default: return "write -q -s \(pattern.path) \(offset) \(length)"
            }
        }
    }

    /// Resizes the disk to `size` bytes.
    mutating func resize(to size: Int) -> String {
        self.size = size
        return "truncate \(size)"
    }
}
