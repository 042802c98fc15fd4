/// What a file that is taken for a raw disk looks like, if not like a disk.
enum RawLook {
    /// A warning in words; nil for what may well be a disk.
    ///
    /// Disks start with code, a partition table, a file system or zeroes. What is told here is no disk of any system that is known,
    /// but nothing forbids it: so it is served.
    static func warning(of probe: FileProbe) -> String? {
        if let name = archives.first(where: { $0.matches(probe) })?.name {
            return "this looks like \(name), not like a disk"
        }
        return text(of: probe.head).map { "this looks like \($0), not like a disk" }
    }

    private struct Look: Sendable {
        var name: String
        var matches: @Sendable (FileProbe) -> Bool
    }

    private static let archives: [Look] = [
        Look(name: "a cpio archive") {
            $0.has("070701") || $0.has("070702") || $0.has("070707") || $0.has([0xC7, 0x71])
        },
        Look(name: "an ar archive or a Debian package") { $0.has("!<arch>\n") },
        Look(name: "a cabinet file") { $0.has("MSCF\0\0\0\0") },
        Look(name: "a xar archive") { $0.has("xar!") },
        Look(name: "an RPM package") { $0.has([0xED, 0xAB, 0xEE, 0xDB]) },
        Look(name: "a program (ELF)") { $0.has([0x7F, 0x45, 0x4C, 0x46]) },
        Look(name: "a zlib stream") { isZlib($0.head) },
        Look(name: "a PDF document") { $0.has("%PDF-") },
    ]

    /// The header of RFC 1950: method 8, a window of 32 KiB, no dictionary, a check of 5 bits; and the first block of RFC 1951 of a type that
    /// there is. A disk's first sector that happens to start so ends in 55 AA.
    private static func isZlib(_ head: [UInt8]) -> Bool {
        guard head.count >= 512, head[0] == 0x78, [0x01, 0x5E, 0x9C, 0xDA].contains(head[1]) else {
            return false
        }
        return head[2] & 6 != 6 && !head[510..<512].elementsEqual([0x55, 0xAA])
    }

    /// What kind of text it is; nil where it is none that is taken for a disk by mistake.
    private static func text(of head: [UInt8]) -> String? {
        guard head.count >= 16,
            head.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || [9, 10, 12, 13].contains($0) }),
            let text = String(validating: head.prefix(1024), as: UTF8.self)
                ?? String(validating: head.prefix(1021), as: UTF8.self)
        else { return nil }
        let start = text.drop { $0.isWhitespace }.prefix(64).lowercased()
        if start.hasPrefix("version https://git-lfs.github.com/spec/") {
            return "a Git LFS pointer: the file itself is yet to be fetched"
        }
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
            return "a web page: perhaps the answer to a download that failed"
        }
        if start.hasPrefix("<?xml") { return "an XML document" }
        if text.contains(".encoding = \"") || text.contains("virtualHW.version") {
            return "the configuration of a virtual machine (.vmx), which names its disks"
        }
        let digits = text.prefix { $0.isHexDigit }
        if [32, 40, 64, 96, 128].contains(digits.count) || start.hasPrefix("sha256 (")
            || start.hasPrefix("md5 (")
        {
            return "a list of checksums"
        }
        return nil
    }
}
