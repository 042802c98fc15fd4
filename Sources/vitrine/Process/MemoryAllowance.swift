import FoundationEssentials
import Glibc
import VitrineFormats

/// The memory that the surroundings leave to this process: control groups, and its limit of address space.
struct MemoryAllowance {
    /// The lowest limit, in bytes, of the process's control group and of those above it (cgroups(7)). Nil without a limit.
    let group: UInt64?
    /// RLIMIT_AS in bytes. Nil without a limit.
    let addressSpace: UInt64?

    init(group: UInt64?, addressSpace: UInt64?) {
        self.group = group
        self.addressSpace = addressSpace
    }

    /// The allowance of this process. `memberships` (/proc/self/cgroup) names its control groups, which are mounted at `mount`.
    init(memberships: String = "/proc/self/cgroup", mount: String = "/sys/fs/cgroup") {
        group = Self.groupLimit(memberships, mount)
        var limit = rlimit()
        let status = unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        addressSpace = status == 0 && limit.rlim_cur != rlim_t.max ? UInt64(limit.rlim_cur) : nil
    }

    /// The memory in bytes to decode with if the user has not said: the default of the engine, or less.
    ///
    /// It is at most half of what a control group may have, because the process takes more than what it decodes with, and its files are
    /// cached there; and at most a quarter of the address space, because each thread has its stack there, used or not.
    var defaultMemory: Int {
        let shares = [group.map { $0 / 2 }, addressSpace.map { $0 / 4 }].compactMap(\.self)
        let least = Int(clamping: shares.min() ?? .max)
        return max(Engine.minimumMemory, min(Engine.defaultMemory, least))
    }

    private static func groupLimit(_ memberships: String, _ mount: String) -> UInt64? {
        var limits: [UInt64] = []
        for line in (text(memberships) ?? "").split(separator: "\n") {
            // hierarchy:controllers:path. In version 2, the controllers are empty.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isFirstVersion = fields[1].split(separator: ",").contains("memory")
            guard isFirstVersion || fields[1].isEmpty else { continue }
            let root = isFirstVersion ? mount + "/memory" : mount
            let name = isFirstVersion ? "memory.limit_in_bytes" : "memory.max"
            // A limit counts for all groups below. In a container, the groups above may not be there.
            var path = fields[2].split(separator: "/")
            while true {
                let file = ([root] + path.map(String.init) + [name]).joined(separator: "/")
                // "max" is no number.
                if let limit = text(file).flatMap({ UInt64($0.prefix { $0.isNumber }) }) {
                    limits.append(limit)
                }
                if path.popLast() == nil { break }
            }
        }
        return limits.min()
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return String(decoding: file, as: UTF8.self)
    }
}
