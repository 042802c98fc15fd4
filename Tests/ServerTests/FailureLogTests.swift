import Logging
import TestSupport
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

/// The frequency with which the log says that something cannot be read.
@Suite struct FailureLogTests {
    private func log(_ body: (FailureLog, Logger) -> Void) -> [String] {
        let lines = LogLines()
        body(FailureLog(), Logger(label: "test") { _ in lines })
        return lines.all
    }

    @Test func eachPlaceIsNamedOnceAndCountedFromThenOn() {
        let lines = log { failures, logger in
            for number in 1...1234 { failures.note("read \(number)", "block 7 is bad", logger) }
            failures.note("CACHE", "block 8 is bad", logger)
            failures.sumUp(logger)
        }
        #expect(
            lines == [
                "warning: read 1: block 7 is bad", "warning: read 10: block 7 is bad (10 times by now)",
                "warning: read 100: block 7 is bad (100 times by now)",
                "warning: read 1000: block 7 is bad (1000 times by now)", "warning: CACHE: block 8 is bad",
                "warning: 1235 failures in all",
            ])
    }

    /// The log of the command says what would help, as it does elsewhere.
    @Test func errorsGoWithTheirLines() {
        let lines = LogLines()
        let logger = Logger(label: "test") { _ in lines }
        let error = ImageError(.limit, "it is too large", remedy: Remedy(.memory, "22M", "would do"))
        let failures = FailureLog()
        failures.note("read", "\(error)", cause: error, logger)
        failures.note("read", "block 7 is bad", logger)
        #expect(lines.all == ["warning: read: it is too large", "warning: read: block 7 is bad"])
        #expect(lines.errors.map { $0 as? ImageError } == [error, nil])
    }

    @Test func requestsAreCalledByTheirNames() {
        let kinds: [Request.Kind] = [.read(mayFragment: true), .cache, .blockStatus(onlyFirst: false)]
        #expect(kinds.map(\.description) == ["read", "CACHE", "BLOCK_STATUS"])
    }

    @Test func nothingIsSaidOfWhatIsSaidAlready() {
        let lines = log { failures, logger in
            failures.note("read", "block 7 is bad", logger)
            failures.sumUp(logger)
        }
        #expect(lines == ["warning: read: block 7 is bad"])
    }

    /// An image may have a million damaged places, and their texts take memory.
    @Test func placesThatAreToldApartAreBounded() {
        let lines = log { failures, logger in
            for number in 0..<5000 { failures.note("read", "cluster \(number) is bad", logger) }
            failures.note("read", "cluster 3 is bad", logger)
            failures.sumUp(logger)
        }
        #expect(FailureLog.maximumPlaces == 1024)
        #expect(lines.prefix(1024) == (0..<1024).map { "warning: read: cluster \($0) is bad" }[...])
        #expect(
            Array(lines.dropFirst(1024))
                == [1, 10, 100, 1000].map {
                    "warning: read: cluster \(1023 + $0) is bad (of many more places than are listed: \($0) times by now)"
                } + ["warning: 5001 failures in all"])
    }
}
