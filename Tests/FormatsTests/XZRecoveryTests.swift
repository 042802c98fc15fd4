import TestSupport
import Testing

@testable import VitrineFormats

/// Truncated .xz files, and files that do not even give the start of the disk.
@Suite struct XZRecoveryTests {
    private static let content = SeekContent.mixed(1 << 20, seed: 5)
    private static let blockSize = 128 << 10

    private func open(
        _ file: [UInt8], name: String = "disk.raw.xz", recovers: Bool = true, formats: [String] = []
    ) throws(ImageError) -> Image {
        var options = OpenOptions(formats: formats, engine: Engine(memory: 16 << 20, threads: 2))
        options.formatOptions.recovers = recovers
        return try Image(name, MemorySource(file), options)
    }

    /// Expects the disk of `image` to be the start of `content`.
    private func expectStart(of image: Image, _ content: [UInt8] = content) throws {
        let count = Int(image.size)
        try #require(count <= content.count)
        #expect(try image.disk.bytes(at: 0, count: count) == Array(content[..<count]))
    }

    /// xz with threads writes the length of blocks into their headers, so that all whole blocks are found.
    @Test func blocksAreFoundWhereverTheFileIsCut() throws {
        let file = XZFile.encode(Self.content, blockSize: Self.blockSize)
        let blocks = try XZContainer(of: MemorySource(file)).blocks
        var last: UInt64 = 0
        for end in stride(from: 40, to: file.count, by: 12_347) {
            let cut = Array(file[..<end])
            let whole = blocks.count { $0.offset + (($0.unpaddedSize + 3) & ~3) <= UInt64(end) }
            guard let image = try? open(cut) else {
                #expect(whole == 0, "cut at \(end)")
                continue
            }
            #expect(image.size >= UInt64(whole * Self.blockSize) && image.size >= last, "cut at \(end)")
            #expect(image.size - UInt64(whole * Self.blockSize) <= UInt64(Self.blockSize))
            last = image.size
            try expectStart(of: image)
            #expect(image.warnings.first?.contains("The start of the file has ") == true)
            let error = #expect(throws: ImageError.self) { try open(cut, recovers: false) }
            #expect(error?.remedy == Remedy(.recover, nil, "serves these"), "\(String(describing: error))")
            if whole > 0 { #expect(error?.reason.contains("\(whole) whole block") == true) }
        }
        #expect(last > UInt64(Self.content.count - 2 * Self.blockSize))
    }

    /// One block: its chunks are gone through, and no data that is there is lost.
    @Test(arguments: [nil, XZFile.Filter.x86, .delta])
    func aSingleBlockIsReadAsFarAsItIsThere(_ filter: XZFile.Filter?) throws {
        let file = XZFile.encode(Self.content, filter: filter)
        var last: UInt64 = 0
        for end in stride(from: file.count / 3, to: file.count - 40, by: 70_000) {
            let image = try open(Array(file[..<end]))
            #expect(image.size > last)
            last = image.size
            try expectStart(of: image)
        }
        #expect(last > UInt64(Self.content.count / 2))
    }

    /// All of the disk is there if only the index is missing, or if something follows it; in several streams too.
    @Test func whereTheIndexAloneIsWrongNothingIsMissing() throws {
        let file = XZFile.encode(Self.content, blockSize: Self.blockSize)
        var damaged = file
        damaged[file.count - 20] ^= 1
        let second = XZFile.encode(Array(Self.content.reversed()), blockSize: Self.blockSize)
        for (bytes, expected) in [
            (damaged, Self.content), (file + Array("something else!!".utf8), Self.content),
            (file + [0, 0, 0, 0] + second.dropLast(8), Self.content + Self.content.reversed()),
        ] {
            let image = try open(bytes)
            #expect(image.size == UInt64(expected.count))
            try expectStart(of: image, expected)
        }
    }

    /// A download with preallocated space ends in zeroes. The block's header gives its length, so it is a whole block
    /// that is damaged: its check is wrong, and no data of a small one is given out.
    @Test func zeroesForTheRest() throws {
        var bytes = XZFile.encode(Self.content)
        for index in bytes.count / 4 * 3..<bytes.count { bytes[index] = 0 }
        let image = try open(bytes)
        #expect(image.size == UInt64(Self.content.count))
        #expect(throws: ImageError.self) { try image.disk.bytes(at: 0, count: 10_000) }
    }

    @Test func anyByteMayBeWrongInWhatIsRecovered() throws {
        let file = XZFile.encode(Array(Self.content[..<200_000]), blockSize: 50_000).dropLast(12)
        var random = SeededGenerator(seed: 8)
        for _ in 0..<60 {
            var bytes = Array(file)
            for _ in 0..<3 {
                bytes[Int.random(in: 12..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let image = try? open(bytes), image.size <= 1 << 20 else { continue }
            for offset in stride(from: 0, to: image.size, by: 10_000) {
                let count = Int(min(10_000, image.size - offset))
                guard let read = try? image.disk.bytes(at: offset, count: count) else { continue }
                // The check of a block that is whole was right; of one that is cut nothing can be said.
                guard let block = try? XZFrontScan(MemorySource(bytes), limit: .max).container,
                    !block.blocks[block.block(at: offset)].isCut, offset + UInt64(count) <= 200_000
                else { continue }
                let expected = Array(Self.content[Int(offset)..<Int(offset) + count])
                #expect(read == expected || block.blocks.count < 4, "at \(offset)")
            }
        }
    }

    // MARK: The start of the disk

    /// A file whose first block is damaged.
    private var damagedStart: [UInt8] {
        var file = XZFile.encode(Self.content, blockSize: Self.blockSize)
        for index in 60..<64 { file[index] ^= 0x5A }
        return file
    }

    @Test func withoutItsStartTheRestIsServed() throws {
        for formats in [[], ["xz", "raw"]] {
            let image = try open(damagedStart, recovers: false, formats: formats)
            #expect(image.size == UInt64(Self.content.count))
            #expect(throws: ImageError.self) { try image.disk.bytes(at: 0, count: 1) }
            let start = Self.blockSize
            #expect(
                try image.disk.bytes(at: UInt64(start), count: Self.content.count - start)
                    == Array(Self.content[start...]))
            if formats.isEmpty {
                #expect(image.warnings.first?.hasPrefix("xz: the start of the disk cannot be read") == true)
            }
            #expect(image.layers.map(\.format) == ["xz", "raw"])
        }
    }

    /// A disk format without its header is not a raw disk.
    @Test(arguments: ["disk.qcow2.xz", "disk.vmdk.xz", "appliance.tar.xz", "disk.vhdx.xz"])
    func whatIsCalledSomethingElseIsNotTakenForRaw(_ name: String) {
        let error = #expect(throws: ImageError.self) { try open(damagedStart, name: name, recovers: false) }
        #expect(error?.description.contains("block 1") == true)
    }

    // MARK: Fingerprints

    /// Two files of one size that differ only in one block, outside the sampled parts.
    @Test func digestTellsBlocksApart() throws {
        var other = Self.content
        other[Self.blockSize * 4 + 7] ^= 1
        let files = [Self.content, other].map { MemorySource(XZFile.encode($0, blockSize: Self.blockSize)) }
        let digests = try files.map { file in try XZContainer(of: file).digest(of: file) }
        #expect(digests[0] != digests[1])
        #expect(digests[0].count == 32)
    }
}
