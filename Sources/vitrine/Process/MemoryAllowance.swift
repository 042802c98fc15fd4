import FoundationEssentials
import Glibc
import VitrineFormats

/// The memory that the surroundings leave to this process: control groups, and its limit of address space.
struct MemoryAllowance {
    /// The lowest limit, in bytes, of the process's control group and of those above it (cgroups(7)). Nil without a limit.
    let group: UInt64?
    /// RLIMIT_AS in bytes. Nil without a limit.
    let addressSpace: UInt64?
    /// The memory in bytes that processes may take before the system runs short. Nil if it does not tell.
    let available: UInt64?

    init(group: UInt64?, addressSpace: UInt64?, available: UInt64? = nil) {
        self.group = group
        self.addressSpace = addressSpace
        self.available = available
    }

    /// The allowance of this process. `memberships` (/proc/self/cgroup) names its control groups, which are mounted at `mount`.
    init(memberships: String = "/proc/self/cgroup", mount: String = "/sys/fs/cgroup") {
        group = Self.groupLimit(memberships, mount)
        var limit = rlimit()
        let status = unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        addressSpace = status == 0 && limit.rlim_cur != rlim_t.max ? UInt64(limit.rlim_cur) : nil
        available = Self.available
    }

    /// The memory in bytes to decode with if the user has not said: the default of the engine, or less.
    ///
    /// It is at most half of what a control group may have, because the process takes more than what it decodes with, and its files are
    /// cached there; and at most a quarter of the address space, because each thread has its stack there, used or not.
    var defaultMemory: Int { memory(wanted: Engine.defaultMemory) }

    /// The memory in bytes to decode with for as long as the image is mounted, if the user has not said.
    ///
    /// Files lie all over a disk. What is kept of it is not decoded again for those that are read next, so this is a quarter of what the
    /// system has available, between the default of the engine and 4 GiB.
    var mountMemory: Int {
        let quarter = Int(clamping: (available ?? 0) / 4)
        return memory(wanted: max(Engine.defaultMemory, min(quarter, 4 << 30)))
    }

    private func memory(wanted: Int) -> Int {
        let shares = [group.map { $0 / 2 }, addressSpace.map { $0 / 4 }].compactMap(\.self)
        let least = Int(clamping: shares.min() ?? .max)
        return max(Engine.minimumMemory, min(wanted, least))
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

    /// MemAvailable of /proc/meminfo (proc(5)), in bytes.
    private static var available: UInt64? {
        let lines = text("/proc/meminfo")?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 }
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return String(decoding: file, as: UTF8.self)
    }
}
