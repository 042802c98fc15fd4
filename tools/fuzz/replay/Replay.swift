import Foundation
import FuzzTargets
import Glibc
import TestSupport

/// Gives one target its kept inputs, and inputs made of these.
///
/// The input that it is at lies in a file, which is there still where that input ends the process.
struct Replay {
    /// For how long inputs that are kept are taken up, in seconds: most targets need less, but a debug build decodes slowly.
    private static let keptSeconds = 6.0

    /// What one input may take, in seconds.
    static let inputSeconds: UInt32 = 20

    /// What all of it may take of the address space, in bytes: a size that an image claims must not become one of memory.
    private static let memory: rlim_t = 4 << 30

    private static let folder = CorpusFile.root.appending(path: "tools/fuzz")

    private let target: FuzzTarget

    init(_ target: FuzzTarget) {
        self.target = target
    }

    /// The path of the input that it is at, in the checkout.
    var currentPath: String { ".build-fuzz/replay-\(target.name)" }

    private var current: URL { CorpusFile.root.appending(path: currentPath) }

    /// Returns how many inputs that was, once it has made up some for as many `seconds`. Throws if none are kept.
    func run(seconds: Double, seed: UInt64) throws -> String {
        var limit = rlimit(rlim_cur: Self.memory, rlim_max: Self.memory)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
            throw TestFailure("cannot limit the memory")
        }
        try FileManager.default.createDirectory(
            at: current.deletingLastPathComponent(), withIntermediateDirectories: true)
        // The smallest first, of which more can be taken up in the time. What the seed makes of them depends on their order.
        let inputs = try kept().map { [UInt8](try Data(contentsOf: $0)) }
            .sorted { $0.count < $1.count }
        guard !inputs.isEmpty else { throw TestFailure("no inputs are kept") }
        try Data().write(to: current)
        let place = try FileHandle(forWritingTo: current)
        let replayed = try give(inputs, noting: place, for: Self.keptSeconds)
        var mutator = InputMutator(inputs, seed: seed)
        let made = try give(sequence(state: ()) { _ in mutator.next() }, noting: place, for: seconds)
        try FileManager.default.removeItem(at: current)
        return "\(replayed) of \(inputs.count) kept inputs, \(made) made of them"
    }

    /// The path, in the checkout, of the kept input that it was at; nil if that is none of them.
    func currentKept() throws -> String? {
        let bytes = try Data(contentsOf: current)
        return try kept().first { try Data(contentsOf: $0) == bytes }
            .map { "tools/fuzz/\(target.name)/kept/\($0.lastPathComponent)" }
    }

    /// By their names.
    private func kept() throws -> [URL] {
        let folder = Self.folder.appending(path: "\(target.name)/kept")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// Gives the target one of `inputs` after another while `seconds` have not passed, each once it is in `place`. Returns how many.
    private func give(
        _ inputs: some Sequence<[UInt8]>, noting place: FileHandle, for seconds: Double
    ) throws -> Int {
        let end = ContinuousClock.now + .seconds(seconds)
        var count = 0
        for input in inputs {
            guard ContinuousClock.now < end else { break }
            // The file stays open: one that is written anew goes to the disk at once on some file systems, which takes longer.
            try place.seek(toOffset: 0)
            try place.write(contentsOf: input)
            try place.truncate(atOffset: UInt64(input.count))
            // Ends the process once the time is over.
            alarm(Self.inputSeconds)
            target.check(input)
            alarm(0)
            count += 1
        }
        return count
    }
}
