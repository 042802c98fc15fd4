/// Recognises files that are detected as raw disks but do not look like disks.
enum RawLook {
    /// A warning that names the kind of file. Nil if the file may well be a disk.
    ///
    /// Disks start with code, a partition table, a file system or zeroes. No known system has a disk that starts as the
    /// files named here do, but nothing forbids it, so the file is served.
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

    /// True for the header of RFC 1950 (method 8, a window of 32 KiB, no dictionary, a check of 5 bits) followed by a
    /// first block of a valid type (RFC 1951). A disk whose first sector happens to start so ends that sector in 55 AA.
    private static func isZlib(_ head: [UInt8]) -> Bool {
        guard head.count >= 512, head[0] == 0x78, [0x01, 0x5E, 0x9C, 0xDA].contains(head[1]) else {
            return false
        }
        return head[2] & 6 != 6 && !head[510..<512].elementsEqual([0x55, 0xAA])
    }

    /// The kind of text that `head` starts. Nil if it is not text that people mistake for a disk.
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
