import TestSupport
import Testing

/// Measures the memory of runs of the program.
enum PeakMemory {
    /// The memory, in bytes, by which a hostile image may exceed an empty one.
    static let allowance = 64 << 20

    /// The peak memory, in bytes, of a run of the program with `arguments`.
    ///
    /// Python asks the system: in this process the result for a child would include this process.
    static func measure(_ arguments: [String]) throws -> Int {
        let script = """
            import resource, subprocess, sys
            subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            """
        let result = try Tool.pythonNBD.run(["-c", script, Vitrine.path()] + arguments)
        return try #require(Int(result.output.filter(\.isNumber)), "\(result.errors)") << 10
    }

    /// Expects a run with `arguments` to take little more memory than one with the `usual` arguments.
    static func expectLittle(
        _ arguments: [String], usually usual: [String], _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try measure(usual)
        #expect(before > 1 << 20, sourceLocation: sourceLocation)
        #expect(try measure(arguments) < before + allowance, sourceLocation: sourceLocation)
    }
}
