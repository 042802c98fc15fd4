import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Compares disks with what they should be.
enum DiskChecks {
    /// Opens the image at `url`, and the files beside it that it names.
    static func open(
        _ url: URL, memory: Int = Engine.minimumMemory, snapshot: String? = nil, member: SystemString? = nil
    ) throws -> Image {
        let engine = Engine(memory: memory, threads: 2)
        return try Image(
            url.lastPathComponent, FileSource(path: url.path),
            OpenOptions(engine: engine, snapshot: snapshot, member: member),
            references: FolderReferences(url.deletingLastPathComponent(), engine))
    }

    /// Reads `disk` in order, then at random, and compares it with `expected`.
    static func expect(
        _ disk: any Source, reads expected: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try #require(disk.size == UInt64(expected.count), sourceLocation: sourceLocation)
        var random = SeededGenerator(seed: 7)
        for count in [1, 4096, 70_001, 600_000] where count <= expected.count {
            for _ in 0..<8 {
                let offset = Int.random(in: 0...expected.count - count, using: &random)
                let bytes = try disk.bytes(at: UInt64(offset), count: count)
                #expect(
                    bytes == Array(expected[offset..<offset + count]), "\(count) bytes at \(offset)",
                    sourceLocation: sourceLocation)
            }
        }
        var position = 0
        while position < expected.count {
            let count = min(200_000, expected.count - position)
            let bytes = try disk.bytes(at: UInt64(position), count: count)
            try #require(
                bytes == Array(expected[position..<position + count]), "at \(position)",
                sourceLocation: sourceLocation)
            // What was just read is at hand, unless the memory is too small for it.
            var again = [UInt8](repeating: 0, count: count)
            var span = again.mutableSpan
            if try disk.readNow(into: &span, at: UInt64(position)) {
                #expect(again == bytes, "now, at \(position)", sourceLocation: sourceLocation)
            }
            position += count
        }
    }

    /// The extents of `disk`. Checks that each is at the start of the range asked for.
    static func extents(_ disk: any Source) throws -> [Extent] {
        var extents: [Extent] = []
        var position: UInt64 = 0
        while position < disk.size {
            let extent = try disk.extent(in: position..<disk.size)
            #expect(extent.range.lowerBound == position)
            try #require(extent.range.upperBound > position && extent.range.upperBound <= disk.size)
            extents.append(extent)
            position = extent.range.upperBound
        }
        return extents
    }

    /// Compares the extents of `disk` with those of qemu, which does not know of holes in the files that hold the data.
    static func expect(
        _ disk: any Source, agreesWith map: [QemuImage.MapEntry], content: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for entry in map {
            let end = min(entry.start + entry.length, disk.size)
            var position = entry.start
            while position < end {
                let extent = try disk.extent(in: position..<end)
                let isZero = content[Int(position)..<Int(extent.range.upperBound)].allSatisfy { $0 == 0 }
                let isRight =
                    switch extent.kind {
                    case .data: entry.data && !entry.zero
                    case .zero: entry.data && isZero
                    case .hole: !entry.data && entry.zero && isZero
                    }
                #expect(isRight, "\(extent) where qemu has \(entry)", sourceLocation: sourceLocation)
                position = extent.range.upperBound
            }
        }
        // No two that follow one another are of one kind.
        let extents = try extents(disk)
        for (extent, next) in zip(extents, extents.dropFirst()) {
            #expect(extent.kind != next.kind, "\(extent), \(next)", sourceLocation: sourceLocation)
        }
    }

    /// Compares the depths of `disk` with those of qemu-nbd.
    static func expect(
        _ disk: any Source, hasDepths depths: [QemuImage.Context],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var found: [QemuImage.Context] = []
        var position: UInt64 = 0
        while position < disk.size {
            let next = try disk.depth(in: position..<disk.size)
            #expect(next.range.lowerBound == position, sourceLocation: sourceLocation)
            try #require(next.range.upperBound > position, sourceLocation: sourceLocation)
            position = next.range.upperBound
            let length = position - next.range.lowerBound
            // A chain of images may tell of one depth in several parts.
            if let last = found.last, last.type == next.depth {
                found[found.count - 1].length += length
            } else {
                found.append(.init(offset: next.range.lowerBound, length: length, type: next.depth))
            }
        }
        #expect(
            found.map { [$0.offset, $0.length, UInt64($0.type)] }
                == depths.map { [$0.offset, $0.length, UInt64($0.type)] }, sourceLocation: sourceLocation)
    }

    /// Compares the disk in `image` with the content that qemu reads.
    static func expectSameAsQemu(
        _ image: QemuImage, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let content = try image.content()
        try expect(open(image.url).disk, reads: content, sourceLocation: sourceLocation)
        try expect(
            open(image.url).disk, agreesWith: image.map(), content: content, sourceLocation: sourceLocation)
        try expect(
            open(image.url).disk, hasDepths: image.context("qemu:allocation-depth", ["-A"]),
            sourceLocation: sourceLocation)
    }
}
