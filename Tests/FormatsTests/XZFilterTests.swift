import CLZMA
import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Filters before LZMA2, and checks of unknown kinds.
@Suite struct XZFilterTests {
    private func engine() -> Engine { Engine(memory: 16 << 20, threads: 2) }

    /// Data that resembles machine code, which the x86 filter changes.
    private static let content: [UInt8] = SeekContent.mixed(3 << 20, seed: 51).enumerated().map {
        index, byte in
        index % 23 == 0 ? 0xE8 : index % 23 == 4 ? 0 : byte
    }

    @Test(arguments: XZFile.Filter.allCases, [0, 500_000])
    func contentIsRightAndSeeksByBlockOnly(_ filter: XZFile.Filter, _ blockSize: Int) throws {
        let content = Self.content
        let index = FakeIndex()
        let source = try SeekContent.open(
            XZFile.encode(content, blockSize: blockSize, filter: filter), index, engine())
        #expect(source.indexState.seeksByBlockOnly)
        #expect(!source.indexState.isComplete)
        var random = SeededGenerator(seed: 52)
        func compare() throws {
            for _ in 0..<20 {
                let offset = Int.random(in: 0..<content.count - 9000, using: &random)
                #expect(
                    try source.bytes(at: UInt64(offset), count: 9000)
                        == Array(content[offset..<offset + 9000]))
            }
        }
        try compare()
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        #expect(source.indexState.isComplete)
        #expect(source.indexState.seeksByBlockOnly)
        #expect(index.entries.isEmpty)
        try source.verifyIndex(isStopped: { false }, progress: { _, _ in })
        source.indexInBackground(isStopped: { false })
        try compare()
    }

    /// An index that says there are checkpoints in such a block.
    @Test func indexThatHasSpansOfAFilteredBlock() throws {
        let content = Self.content
        let plain = try SeekContent.entries(of: XZFile.encode(content))
        let file = XZFile.encode(content, filter: .delta)
        let index = FakeIndex(plain.filter { $0.span.input < UInt64(file.count) })
        let source = try SeekContent.open(file, index, engine())
        for offset in stride(from: 0, to: content.count - 1000, by: 300_000) {
            let expected = Array(content[offset..<offset + 1000])
            #expect(try source.bytes(at: UInt64(offset), count: 1000) == expected)
        }
    }

    @Test func unknownChecksAreServedWithOneWarning() throws {
        let content = Array(Self.content[..<700_000])
        let file = XZFile.withCheck(2, XZFile.encode(content, blockSize: 100_000, check: LZMA_CHECK_CRC32))
        try withTemporaryFolder { folder in
            let image = try Image.open(folder.file("disk.xz", Data(file)).path, OpenOptions(engine: engine()))
            #expect(
                image.warnings.count { $0.contains("the check is Unknown-2, which vitrine cannot verify") }
                    == 1)
        }
        let source = try SeekContent.open(file, FakeIndex(), engine())
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        #expect(source.indexState.isComplete)
        #expect(try source.bytes(at: 0, count: content.count) == content)
    }
}
