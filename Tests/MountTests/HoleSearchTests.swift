import TestSupport
import Testing
import VitrineFormats

@testable import VitrineMount

/// The search for data and holes, which programs copy sparse files by.
struct HoleSearchTests {
    private func source(isHot: Bool = true) -> ObservedSource {
        ObservedSource(
            [UInt8](repeating: 1, count: 5 << 20),
            holes: [1000..<2000, 3_000_000..<3_000_001, 5_000_000..<5_242_880],
            isHot: isHot)
    }

    @Test(
        arguments: [
            (0, .found(0), .found(1000)), (999, .found(999), .found(1000)),
            (1000, .found(2000), .found(1000)),
            (1999, .found(2000), .found(1999)), (2000, .found(2000), .found(3_000_000)),
            (3_000_001, .found(3_000_001), .found(5_000_000)), (5_000_000, .none, .found(5_000_000)),
            (5_242_879, .none, .found(5_242_879)), (5_242_880, .none, .none), (.max, .none, .none),
        ] as [(UInt64, HoleSearch.Result, HoleSearch.Result)])
    func offsets(_ offset: UInt64, _ data: HoleSearch.Result, _ hole: HoleSearch.Result) throws {
        #expect(try HoleSearch(source: source(), target: .data).from(offset, mayWait: false) == data)
        #expect(try HoleSearch(source: source(), target: .hole).from(offset, mayWait: false) == hole)
    }

    /// The end counts as a hole, as for lseek(2).
    @Test func aDiskWithoutHoles() throws {
        let disk = MemorySource([UInt8](repeating: 1, count: 700))
        #expect(try HoleSearch(source: disk, target: .hole).from(5, mayWait: true) == .found(700))
        #expect(try HoleSearch(source: MemorySource([]), target: .hole).from(0, mayWait: true) == .none)
    }

    @Test func whatTakesWaitingIsNotWaitedFor() throws {
        let search = HoleSearch(source: source(isHot: false), target: .hole)
        #expect(try search.from(0, mayWait: false) == .unknown)
        #expect(try search.from(0, mayWait: true) == .found(1000))
    }

    /// Zeroes that take space read as a hole does.
    @Test func zeroesAreHoles() throws {
        let disk = roundedUp(MemorySource([UInt8](repeating: 1, count: 700)), to: 512)
        #expect(try HoleSearch(source: disk, target: .hole).from(0, mayWait: true) == .found(700))
        #expect(try HoleSearch(source: disk, target: .data).from(700, mayWait: true) == .none)
    }
}
