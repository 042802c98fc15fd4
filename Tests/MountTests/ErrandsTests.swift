import Testing
import VitrineFormats

@testable import VitrineMount

/// Tasks of one thread that another one runs.
struct ErrandsTests {
    @Test func tasksRunOneAfterTheOther() {
        let errands = Errands()
        let results = Monitor<[Int]>([])
        let started = Thread.start("test") {
            for number in 0..<100 {
                let result = errands.run { number * 2 }
                results.withLock { $0.append(result) }
            }
            errands.end()
        }
        #expect(started)
        errands.serve()
        #expect(results.withLock { $0 } == (0..<100).map { $0 * 2 })
    }

    @Test func withoutTasksItEnds() {
        let errands = Errands()
        errands.end()
        errands.serve()
    }
}
