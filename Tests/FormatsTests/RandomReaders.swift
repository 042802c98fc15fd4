import TestSupport
import Testing

@testable import VitrineFormats

/// Threads that read a source at random, all at once.
enum RandomReaders {
    /// Has `readers` threads read `reads` times `count` bytes each of `source`, which must hold `content`. Each takes a seed of its own,
    /// from `seed` on.
    static func expectRight(
        _ source: any Source, _ content: [UInt8], readers: Int, reads: Int, count: Int, seed: Int
    ) {
        let wrong = Monitor<[String]>([])
        let left = Monitor(readers)
        for reader in 0..<readers {
            let isStarted = Thread.start("reader") {
                var random = SeededGenerator(seed: UInt64(seed + reader))
                for _ in 0..<reads {
                    let offset = Int.random(in: 0..<content.count - count, using: &random)
                    do throws(ImageError) {
                        let bytes = try source.bytes(at: UInt64(offset), count: count)
                        if bytes != Array(content[offset..<offset + count]) {
                            wrong.withLock { $0.append("wrong bytes at \(offset)") }
                        }
                    } catch {
                        wrong.withLock { $0.append("\(error)") }
                    }
                }
                left.change { $0 -= 1 }
            }
            #expect(isStarted)
        }
        left.wait { $0 == 0 ? () : nil }
        #expect(wrong.withLock { $0 } == [])
    }
}
