import TestSupport
import Testing

/// How much memory runs of the program take.
enum PeakMemory {
    /// What a hostile image may cost more than one of nothing does, in bytes.
    static let allowance = 64 << 20

    /// The most memory that a run of the program with `arguments` takes, in bytes.
    ///
    /// Python asks the system, as what that says of a child of this process is of this process too.
    static func measure(_ arguments: [String]) throws -> Int {
        let script = """
            import resource, subprocess, sys
            subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            """
        let result = try Tool.pythonNBD.run(["-c", script, Vitrine.path()] + arguments)
        return try #require(Int(result.output.filter(\.isNumber)), "\(result.errors)") << 10
    }

    /// Expects a run with `arguments` to take little more than one with `usual` ones.
    static func expectLittle(
        _ arguments: [String], usually usual: [String], _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try measure(usual)
        #expect(before > 1 << 20, sourceLocation: sourceLocation)
        #expect(try measure(arguments) < before + allowance, sourceLocation: sourceLocation)
    }
}
