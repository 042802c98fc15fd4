import Glibc
import Synchronization

@testable import VitrineFormats

/// A source over bytes in memory in which readers wait for one another. It shows if two ever read at the same time.
final class MeetingSource: Source {
    private let content: [UInt8]
    private let readers = Atomic<Int>(0)
    private let isOn = Atomic<Bool>(false)
    private let met = Atomic<Bool>(false)

    /// The number of times a reader looks for another, a millisecond apart, before it gives up.
    private static let patience = 5000

    var size: UInt64 { UInt64(content.count) }

    init(_ content: [UInt8]) {
        self.content = content
    }

    /// True if two readers have read at the same time.
    var haveMet: Bool { met.load(ordering: .sequentiallyConsistent) }

    /// Makes readers wait for another from now on, until two have met, or one has waited in vain.
    func beginMeeting() { isOn.store(true, ordering: .sequentiallyConsistent) }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        if readers.add(1, ordering: .sequentiallyConsistent).newValue > 1 {
            met.store(true, ordering: .sequentiallyConsistent)
        }
        defer { readers.subtract(1, ordering: .sequentiallyConsistent) }
        var rounds = 0
        while isOn.load(ordering: .sequentiallyConsistent), !haveMet {
            rounds += 1
            if rounds > Self.patience { isOn.store(false, ordering: .sequentiallyConsistent) }
            usleep(1000)
        }
        buffer.copy(content, from: Int(offset), count: buffer.count, to: 0)
    }
}
