import Glibc
import TestSupport
import VitrineFormats
import VitrineIndex

/// Saves the index of a made-up image, for tests that need another process: one to kill, or without a disk.
///
///     IndexSaver FILE FIRST STEP COUNT LIMIT
///
/// Adds the span FIRST to the index in FILE, then every STEPth after it, COUNT in all, and saves after each.
/// A COUNT of 0 means for ever: after the last span there is, all are removed, and it begins anew.
/// No file can get longer than LIMIT bytes.
@main
struct IndexSaver {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
        guard CommandLine.arguments.count == 6, numbers.count == 4 else { fatalError("wrong arguments") }
        // Otherwise writing more would end the process.
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: rlim_t(numbers[3]), rlim_max: rlim_t(numbers[3]))
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
            fatalError("cannot set the limit")
        }
        let finder = IndexFinder(.file(SystemString(CommandLine.arguments[1])), in: nil) { print($0) }
        guard let index = finder.index(of: TestImage.file, .xz, depth: 0, size: TestImage.size)
        else {
            fatalError("there is no index")
        }
        var number = numbers[0]
        for count in 1... {
            TestImage.add(number, to: index)
            finder.save()
            if count == numbers[2] { break }
            number += numbers[1]
            if number >= TestImage.spans {
                index.remove(0..<TestImage.size)
                number = numbers[0]
            }
        }
        print("done")
    }
}
