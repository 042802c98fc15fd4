import TestSupport
import Testing

@testable import VitrineFormats

/// Data that was read or decoded once is not read or decoded again.
@Suite struct QCOW2EngineTests {
    private static let content = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }

    /// Opens the disk in `source`, with nothing read yet.
    private func open(_ source: any Source, _ engine: Engine) throws -> any Source {
        try Format.qcow2.inspect(source, OpenContext(engine: engine, opener: Registry())).open()
    }

    /// Clusters that follow one another on the disk and in the file are one read.
    @Test func contiguousClustersAreOneRead() throws {
        var file = QCOW2File()
        for number in 0..<8 { file.addData(number, Self.content) }
        file.addData(9, Self.content)
        let source = ObservedSource(file.bytes)
        let disk = try open(source, Engine(memory: Engine.minimumMemory, threads: 2))
        _ = try disk.bytes(at: 0, count: 1)
        let before = (source.reads, source.bytesRead)
        _ = try disk.bytes(at: 1000, count: 500_000)
        #expect(source.reads - before.0 == 1)
        #expect(source.bytesRead - before.1 == 500_000)
        // A hole, and another cluster.
        _ = try disk.bytes(at: 8 << 16, count: 2 << 16)
        #expect(source.reads - before.0 == 2)
    }

    /// Data without clusters is known without reading anything more.
    @Test func holesAndZeroesTakeNoReads() throws {
        var file = QCOW2File()
        file.setEntry(2, 1)
        let source = ObservedSource(file.bytes, isHot: false)
        let disk = try open(source, Engine(memory: Engine.minimumMemory, threads: 2))
        var bytes = [UInt8](repeating: 1, count: 1 << 20)
        var span = bytes.mutableSpan
        _ = try disk.bytes(at: 0, count: 1)
        let before = source.reads
        #expect(try disk.readNow(into: &span, at: 0))
        #expect(bytes.allSatisfy { $0 == 0 })
        #expect(source.reads == before)
    }

    @Test func clusterIsDecodedOnce() throws {
        var file = QCOW2File(compression: 1)
        for number in 0..<4 { file.addCompressed(number, Zstd.compress(Self.content, level: 3)) }
        let engine = Engine(memory: Engine.minimumMemory, threads: 2)
        let disk = try open(ObservedSource(file.bytes, isHot: false), engine)
        _ = try disk.bytes(at: 0, count: 1)
        let before = engine.cache.decodes
        var bytes = [UInt8](repeating: 0, count: 4096)
        for offset in stride(from: 0, to: 4 << 16, by: 4096) {
            _ = try disk.bytes(at: UInt64(offset), count: 4096)
            var span = bytes.mutableSpan
            #expect(try disk.readNow(into: &span, at: UInt64(offset)))
            #expect(bytes == Array(Self.content[offset % 65_536..<offset % 65_536 + 4096]))
        }
        #expect(engine.cache.decodes - before <= 3)
    }

    /// Several threads decode parts of a large read of compressed clusters at once. Each, while reading its first
    /// cluster, waits for another to do so.
    @Test func aLargeReadIsSharedAmongWorkers() throws {
        var file = QCOW2File(compression: 1)
        for number in 0..<16 { file.addCompressed(number, Zstd.compress(Self.content, level: 3)) }
        let source = MeetingSource(file.bytes)
        let disk = try open(source, Engine(memory: Engine.minimumMemory, threads: 2))
        // That there are compressed clusters is known once one has been read.
        #expect(try disk.bytes(at: 15 << 16, count: 100) == Array(Self.content[..<100]))
        source.beginMeeting()
        let bytes = try disk.bytes(at: 0, count: 8 << 16)
        #expect(bytes == Array((0..<8).map { _ in Self.content }.joined()))
        #expect(source.haveMet, "one thread decoded it all")
    }

    @Test func coldReadsAreNotAnsweredNow() throws {
        var file = QCOW2File(compression: 1)
        file.addData(0, Self.content)
        file.addCompressed(1, Zstd.compress(Self.content, level: 3))
        let disk = try open(
            ObservedSource(file.bytes, isHot: false), Engine(memory: Engine.minimumMemory, threads: 2))
        var bytes = [UInt8](repeating: 0, count: 100)
        var span = bytes.mutableSpan
        #expect(try !disk.readNow(into: &span, at: 5 << 16))
        #expect(try disk.extent(in: 5 << 16..<6 << 16, mayWait: false) == nil)
        _ = try disk.bytes(at: 5 << 16, count: 1)
        #expect(try disk.readNow(into: &span, at: 5 << 16))
        #expect(try disk.extent(in: 5 << 16..<6 << 16, mayWait: false) == Extent(5 << 16..<6 << 16, .hole))
        // The file below has the say here, and a cluster there is to be decoded.
        #expect(try !disk.readNow(into: &span, at: 0))
        #expect(try !disk.readNow(into: &span, at: 1 << 16))
        try disk.prefetch(1 << 16..<2 << 16)
        #expect(try disk.readNow(into: &span, at: 1 << 16))
        #expect(bytes == Array(Self.content[..<100]))
    }

    /// Prefetching goes down to the layer that holds the data.
    @Test func prefetchingIsPassedDown() throws {
        var file = QCOW2File()
        file.addData(2, Self.content)
        file.addData(3, Self.content)
        let source = ObservedSource(file.bytes)
        try open(source, Engine(memory: Engine.minimumMemory, threads: 2)).prefetch(0..<1 << 20)
        #expect(source.prefetched == [3 << 16..<5 << 16])
    }

    // MARK: Tables

    /// `count` L2 tables of 64 entries, all zero clusters, behind an L1 table at 0.
    private func tables(_ count: Int) -> [UInt8] {
        let l1Size = (count * 8 + 511) / 512 * 512
        var words: [UInt64] = (0..<count).map { UInt64(l1Size + $0 * 512) }
        words += [UInt64](repeating: 0, count: l1Size / 8 - count)
        words += [UInt64](repeating: 1, count: count * 64)
        return bigEndian(words)
    }

    private func bigEndian(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
    }

    /// As many tables are kept as fit in an eighth of the memory: 4096 of these.
    @Test(arguments: [(1000, 1), (10_000, 2)])
    func tablesAreReadAgainOnlyForWantOfRoom(_ count: Int, _ times: Int) throws {
        let source = ObservedSource(tables(count))
        let layout = QCOWLayout(kind: .qcow2v3, clusterBits: 9, l2Bits: 6, hasDataFile: false)
        let size = UInt64(count) << 15
        let tables = ClusterTables(
            source, layout, .memory(try L1Table(source, at: 0, count: count, layout.word)),
            Engine(memory: Engine.minimumMemory, threads: 2))
        let before = source.reads
        let map = ClusterMap(tables: tables)
        for _ in 0..<2 {
            for number in 0..<UInt64(count) {
                let range = number << 15..<(number + 1) << 15
                let run = try map.run(in: range, mayWait: true)
                try #require(run?.range == range && run?.content == .zero)
            }
        }
        #expect(source.reads - before == count * times)
        let run = try map.run(in: 0..<size, mayWait: true)
        #expect(run?.range == 0..<size)
    }

    /// An L1 table of 1.6 MB in which few entries name a table. The last of these names a part of L1 itself.
    @Test func aLargeL1TableIsReadInPartsWhenNeeded() throws {
        let count = FirstLevel.maximumInMemory + 70_000
        let l1 = 512
        let table = l1 + (count * 8 + 511) / 512 * 512
        var words = [UInt64](repeating: 0, count: table / 8) + [UInt64](repeating: 1, count: 64)
        for number in [0, 8191, 8192, 50_000, count - 2] { words[(l1 / 8) + number] = UInt64(table) }
        words[(l1 / 8) + count - 1] = UInt64(l1)
        let source = ObservedSource(bigEndian(words), isHot: false)
        let layout = QCOWLayout(kind: .qcow2v3, clusterBits: 9, l2Bits: 6, hasDataFile: false)
        let level = try FirstLevel(source, at: UInt64(l1), count: count, layout.word)
        #expect(source.reads == 0 && level.count == count)
        let tables = ClusterTables(
            source, layout, level, Engine(memory: Engine.minimumMemory, threads: 2))
        let map = ClusterMap(tables: tables)
        let size = UInt64(count) << 15
        #expect(try map.run(in: 5 << 15..<6 << 15, mayWait: false) == nil)
        var position: UInt64 = 0
        var runs: [Range<UInt64>] = []
        while position < UInt64(count - 1) << 15 {
            let run = try #require(try map.run(in: position..<size, mayWait: true))
            if run.content == .zero { runs.append(run.range) }
            #expect(run.content == .zero || run.content == .unallocated)
            position = run.range.upperBound
        }
        #expect(
            runs.map { $0.lowerBound >> 15..<$0.upperBound >> 15 } == [
                0..<1, 8191..<8193, 50_000..<50_001, UInt64(count - 2)..<UInt64(count - 1),
            ])
        // Where the first entry of L1, which lies in the file at that place, is taken for that of a cluster.
        #expect(try map.run(in: position..<position + 512, mayWait: true)?.content == .data(UInt64(table)))
        // All parts of L1, the table, and L1 as a table.
        let parts = (count + 8191) / 8192 + 2
        #expect(source.reads == parts)
        #expect(try map.run(in: 5 << 15..<6 << 15, mayWait: false)?.content == .unallocated)
    }
}
