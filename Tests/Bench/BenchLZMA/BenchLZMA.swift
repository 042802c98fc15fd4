import CLZMA
import Foundation
import VitrineFormats

/// Decodes the blocks of an .xz file with Vitrine's decoder and with liblzma, taking turns, and prints the CPU seconds
/// that each took: `vitrine`, `vitrine-recording` (with checkpoints) and `liblzma`, a line for each turn.
///
///     bench-lzma FILE.xz ROUNDS [LIMIT]        LIMIT: how many decoded bytes of each block, at most
///
/// For tools/bench, which says what it means.
@main
struct BenchLZMA {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let rounds = Int(arguments[2]) else {
            print("usage: bench-lzma FILE.xz ROUNDS [LIMIT]")
            exit(2)
        }
        let limit = arguments.count > 3 ? UInt64(arguments[3]) ?? .max : .max
        let data = [UInt8](try Data(contentsOf: URL(filePath: arguments[1])))
        let bench = try DecoderBench(data, limit: limit)
        for _ in 0..<rounds {
            try report("vitrine") { try bench.decode(recording: false) }
            try report("vitrine-recording") { try bench.decode(recording: true) }
            try report("liblzma") { try bench.decodeWithLiblzma() }
        }
    }

    /// Runs `body` and prints the CPU time of this process that it took, and the bytes it decoded.
    static func report(_ name: String, _ body: () throws -> UInt64) throws {
        let before = clock_gettime_nsec_np()
        let count = try body()
        let seconds = Double(clock_gettime_nsec_np() - before) / 1e9
        print(name, String(format: "%.3f", seconds), count)
    }

    static func clock_gettime_nsec_np() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
