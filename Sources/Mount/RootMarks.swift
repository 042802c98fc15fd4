import VitrineFormats

/// The partitions that a GPT marks as roots of a system.
enum RootMarks {
    /// The type names of the Discoverable Partitions Specification start so. Those of hash trees (verity) go on otherwise.
    private static let prefix = "Linux root ("

    #if arch(arm64)
        private static let host = "Linux root (ARM-64)"
    #else
        private static let host = "Linux root (x86-64)"
    #endif

    /// Bit 63 of a GPT entry's attributes (Discoverable Partitions Specification): it is not to be mounted by itself.
    private static let noAuto: UInt64 = 1 << 63

    /// Schemes with two systems in turns. The partition in front of `root` has the priority, or the root itself.
    private static let schemes: [(root: String, priority: String?)] = [
        ("ChromeOS root fs", "ChromeOS kernel"), ("CoreOS /usr", nil),
        ("Bottlerocket root", "Bottlerocket boot"),
    ]

    /// The numbers of the partitions of `table` that are marked, and the reasons.
    static func all(in table: PartitionTable?) -> [Int: String] {
        let partitions = table?.partitions ?? []
        var roots = partitions.filter {
            $0.typeName?.hasPrefix(prefix) == true && $0.attributes & noAuto == 0
        }
        // Of systems for several processors, that for this one is meant.
        let own = roots.filter { $0.typeName == host }
        if roots.count > own.count, !own.isEmpty { roots = own }
        if roots.isEmpty, let slot = activeSlot(partitions) {
            return [slot: "it is the active one of the systems that take turns"]
        }
        return Dictionary(roots.map { ($0.number, "its type says so") }) { first, _ in first }
    }

    /// The number of the root that would be started next. Nil if there is no such scheme, or none can be started.
    private static func activeSlot(_ partitions: [Partition]) -> Int? {
        for scheme in schemes {
            var best: (number: Int, priority: UInt64)?
            for root in partitions where root.typeName == scheme.root {
                let other = partitions.first {
                    $0.number == root.number - 1 && $0.typeName == scheme.priority
                }
                let own = priority((scheme.priority == nil ? root : other)?.attributes ?? 0)
                if own > best?.priority ?? 0 { best = (root.number, own) }
            }
            if let best { return best.number }
        }
        return nil
    }

    /// The priority in the `attributes` of a GPT entry: bits 48 to 51 if it was started before with success (bit 56), or may be tried (bits
    /// 52 to 55), and 0 if not (ChromiumOS disk format, "Selecting the kernel").
    private static func priority(_ attributes: UInt64) -> UInt64 {
        let mayStart = attributes >> 56 & 1 != 0 || attributes >> 52 & 15 != 0
        return mayStart ? attributes >> 48 & 15 : 0
    }
}
