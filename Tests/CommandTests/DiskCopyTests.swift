import Foundation
import Glibc
import Testing
import TestSupport
import VitrineFormats
@testable import vitrine

/// Tests the threads of a copy, the runs of zeroes, and the writes to a device.
@Suite struct DiskCopyTests {
    private static let mebibyte = 1 << 20

    private func open(_ file: URL) throws -> WritableFile {
        let descriptor = unsafe Glibc.open(file.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        return WritableFile(file.path, descriptor)
    }

    private func copy(_ source: ObservedSource, to target: any CopyTarget, threads: Int = 4) throws
        -> DiskCopy.Outcome
    {
        let ending = Ending<Result<DiskCopy.Outcome, any Error>>()
        let copied = Monitor<[UInt64]>([])
        let copy = DiskCopy(source, to: target) { done in copied.withLock { $0.append(done) } }
        copy.start(threads: threads) { ending.end($0) }
        let outcome = try ending.wait().get()
        #expect(copied.withLock { $0.max() } == source.size)
        return outcome
    }

    private let hole = UInt64(5 << 19)..<UInt64(6 << 20)

    /// 8 MiB of non-zero bytes, except zeroes from 2.5 to 6 MiB.
    private func content() -> [UInt8] {
        (0..<8 * Self.mebibyte).map { offset in
            hole.contains(UInt64(offset)) ? 0 : UInt8(1 + offset / 4096 % 255)
        }
    }

    @Test(arguments: [1, 2, 7])
    func holesAreNotRead(_ threads: Int) throws {
        let content = content()
        let source = ObservedSource(
            content,
            holes: [hole])
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "copy")
            let target = try FileTarget(try open(file), size: source.size)
            let outcome = try copy(source, to: target, threads: threads)
            try target.finish()
            #expect(outcome.written == UInt64(9 * Self.mebibyte / 2))
            // The region that the hole begins in is read.
            #expect(source.bytesRead == 5 * Self.mebibyte)
            #expect(try Data(contentsOf: file) == Data(content))
        }
    }

    @Test(arguments: [1, 2, 7])
    func streamGetsEverythingInOrder(_ threads: Int) throws {
        let content = content()
        let source = ObservedSource(content, holes: [hole])
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "copy")
            let outcome = try copy(source, to: StreamTarget(open(file)), threads: threads)
            #expect(outcome.written == source.size)
            #expect(try Data(contentsOf: file) == Data(content))
        }
    }

    @Test(arguments: [true, false])
    func firstErrorEndsTheCopy(_ isInOrder: Bool) throws {
        let source = ObservedSource(content(), failing: 3_500_000..<3_500_001)
        try withTemporaryFolder { folder in
            let file = try open(folder.appending(path: "copy"))
            let target: any CopyTarget =
                isInOrder ? StreamTarget(file) : try FileTarget(file, size: source.size)
            let error = #expect(throws: ImageError.self) { try copy(source, to: target) }
            #expect(error?.path == ["bytes 3145728 to 4194304 cannot be read"])
        }
    }

    @Test func deviceGetsZeroesWritten() throws {
        let content = content()
        let source = ObservedSource(content, holes: [hole])
        try withTemporaryFolder { folder in
            let file = try folder.file("device", Data(repeating: 0xFF, count: 9 * Self.mebibyte))
            let target = try DeviceTarget(open(file), capacity: 9 << 20, size: source.size)
            _ = try copy(source, to: target)
            try target.writeZeroes(UInt64(8 << 20) + 100..<UInt64(8 << 20) + 9000)
            try target.writeZeroes(UInt64(9 << 20) - 300..<UInt64(9 << 20) - 200)
            try target.finish()
            var expected = content + [UInt8](repeating: 0xFF, count: Self.mebibyte)
            for index in (8 << 20) + 100..<(8 << 20) + 9000 { expected[index] = 0 }
            for index in (9 << 20) - 300..<(9 << 20) - 200 { expected[index] = 0 }
            #expect(try Data(contentsOf: file) == Data(expected))
        }
    }

    @Test func deviceThatIsTooSmall() throws {
        try withTemporaryFolder { folder in
            let file = try open(folder.appending(path: "device"))
            let error = #expect(throws: CommandError.self) {
                _ = try DeviceTarget(file, capacity: 4095, size: 4096)
            }
            #expect(error?.description == "\(file.name) holds 4095 bytes, but the disk has 4096")
        }
    }

    @Test func zeroesAreFoundAtMultiplesOfTheGranularity() {
        var bytes = [UInt8](repeating: 0, count: 40_000)
        bytes[10_000] = 1
        bytes[39_999] = 1
        #expect(
            ZeroRuns.find(in: bytes, count: 40_000, at: 0, granularity: 4096) == [
                .init(range: 0..<8192, isZero: true), .init(range: 8192..<12288, isZero: false),
                .init(range: 12288..<36864, isZero: true), .init(range: 36864..<40_000, isZero: false),
            ])
        #expect(
            ZeroRuns.find(in: bytes, count: 30_000, at: 8_192_000_000_100, granularity: 4096) == [
                .init(range: 0..<8092, isZero: true), .init(range: 8092..<12188, isZero: false),
                .init(range: 12188..<30_000, isZero: true),
            ])
        #expect(ZeroRuns.find(in: bytes, count: 0, at: 0, granularity: 4096) == [])
    }
}
