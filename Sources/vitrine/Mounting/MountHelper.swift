import Glibc
import VitrineFormats

/// The command line of mount.vitrine, the name under which mount(8) starts this program for the type `vitrine`:
///
///     mount.vitrine IMAGE DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]
struct MountHelper {
    /// The arguments of the command that does the same.
    let arguments: [String]

    private static let name = "mount.vitrine"

    /// True if this program was started under that name.
    static var isMeant: Bool {
        guard CommandLine.argc > 0, let name = unsafe CommandLine.unsafeArgv[0] else { return false }
        return unsafe SystemString(cString: name).splitAtLastSlash.name == SystemString(Self.name)
    }

    /// The options that have a value, and those of the command that they stand for.
    private static let options = [
        "allow-references": "--allow-references", "backing-file": "--backing-file", "format": "--format",
        "index": "--index", "member": "--member", "memory": "--memory", "partition": "--partition",
        "reference-format": "--reference-format", "snapshot": "--snapshot",
    ]

    /// The options without a value, and those of the command that they stand for.
    private static let flags = [
        "ignore-cid": "--ignore-cid", "no-index": "--no-index", "noreplay": "--no-replay",
        "recover": "--recover",
    ]

    /// The options that change nothing: what is so in any case, and what is meant for mount(8) itself or systemd. mount(8) gives `rw`
    /// if nothing is said.
    private static let ignored: Set<String> = [
        "rw", "ro", "nosuid", "nodev", "defaults", "auto", "noauto", "nofail", "_netdev", "user", "nouser",
        "users",
        "nousers", "owner", "group", "exec",
        "async", "loop", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime",
        "strictatime",
        "nostrictatime", "lazytime", "nolazytime",
    ]

    /// Reads the `arguments` of the process.
    ///
    /// Throws if they are not those that mount(8) gives, or if an option is not known and may not be ignored.
    init(_ arguments: [String]) throws(CommandError) {
        var places: [String] = []
        var options: [String] = []
        var (ignoresUnknown, isFake, isVerbose) = (false, false, false)
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-" else {
                places.append(argument)
                continue
            }
            switch argument {
            case "-o", "-t", "-N":
                guard let value = rest.popFirst() else {
                    throw CommandError("\(Self.name): \(argument) needs a value")
                }
                if argument == "-N" { throw CommandError("\(Self.name): -N is not supported") }
                if argument == "-o" { options += Self.split(value) }
            default:
                for letter in argument.dropFirst() {
                    switch letter {
                    case "s": ignoresUnknown = true
                    case "f": isFake = true
                    case "v": isVerbose = true
                    case "n": break
                    default:
                        throw CommandError("\(Self.name): there is no option -\(printable(String(letter)))")
                    }
                }
            }
        }
        guard places.count == 2 else {
            throw CommandError("usage: \(Self.name) <image> <dir> [-sfnv] [-o <options>]")
        }
        var result = ["mount"]
        for option in options {
            if let words = Self.words(option) {
                result += words
            } else if !ignoresUnknown {
                throw CommandError("\(Self.name): there is no option \(printable(option))")
            }
        }
        if !isVerbose { result.append("--quiet") }
        // Names that begin with a hyphen are not options.
        result += ["--"] + places
        self.arguments = isFake ? ["--version"] : result
    }

    /// The arguments that stand for `option`. Nil if it is not known.
    private static func words(_ option: String) -> [String]? {
        guard let equals = option.firstIndex(of: "=") else {
            if let flag = flags[option] { return [flag] }
            return ignored.contains(option) || option.hasPrefix("x-") ? [] : nil
        }
        let (key, value) = (String(option[..<equals]), String(option[option.index(after: equals)...]))
        if key.hasPrefix("x-") || key == "comment" { return [] }
        return options[key].map { ["\($0)=\(value)"] }
    }

    /// The options in `text`, which commas separate; not those in double quotes, which are left out.
    private static func split(_ text: String) -> [String] {
        var options: [String] = []
        var option = ""
        var isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                options.append(option)
                option = ""
            default: option.append(character)
            }
        }
        return (options + [option]).filter { !$0.isEmpty }
    }
}
