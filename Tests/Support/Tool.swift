import Foundation

/// A program that tests run, and its package in Debian.
package struct Tool: Sendable {
    package let name: String
    /// The package to install if the program is missing.
    package let debianPackage: String
    /// The program's path. Nil if it is missing.
    package let path: String?

    package static let fio = Tool("fio", in: "fio")
    package static let gzip = Tool("gzip", in: "gzip")
    package static let nbdClient = Tool("nbd-client", in: "nbd-client")
    package static let nbdcopy = Tool("nbdcopy", in: "libnbd-bin")
    package static let nbdinfo = Tool("nbdinfo", in: "libnbd-bin")
    package static let qemuImg = Tool("qemu-img", in: "qemu-utils")
    package static let qemuIO = Tool("qemu-io", in: "qemu-utils")
    package static let python = Tool("python3", in: "python3")
    package static let sfdisk = Tool("sfdisk", in: "fdisk")
    package static let diff = Tool("diff", in: "diffutils")
    package static let tar = Tool("tar", in: "tar")
    package static let xz = Tool("xz", in: "xz-utils")

    // Makers of file systems, and what looks at them.
    package static let blkid = Tool("blkid", in: "util-linux")
    package static let cryptsetup = Tool("cryptsetup", in: "cryptsetup-bin")
    package static let debugfs = Tool("debugfs", in: "e2fsprogs")
    package static let genisoimage = Tool("genisoimage", in: "genisoimage")
    package static let makefs = Tool("makefs", in: "makefs")
    package static let mkfsBFS = Tool("mkfs.bfs", in: "util-linux")
    package static let mkfsBtrfs = Tool("mkfs.btrfs", in: "btrfs-progs")
    package static let mkfsCramfs = Tool("mkfs.cramfs", in: "util-linux")
    package static let mkfsEROFS = Tool("mkfs.erofs", in: "erofs-utils")
    package static let mkfsExFAT = Tool("mkfs.exfat", in: "exfatprogs")
    package static let mkfsExt4 = Tool("mkfs.ext4", in: "e2fsprogs")
    package static let mkfsF2FS = Tool("mkfs.f2fs", in: "f2fs-tools")
    package static let mkfsFAT = Tool("mkfs.vfat", in: "dosfstools")
    package static let mkfsJFS = Tool("mkfs.jfs", in: "jfsutils")
    package static let mkfsMinix = Tool("mkfs.minix", in: "util-linux")
    package static let mkfsNILFS2 = Tool("mkfs.nilfs2", in: "nilfs-tools")
    package static let mkfsNTFS = Tool("mkfs.ntfs", in: "ntfs-3g")
    package static let mkfsReiserFS = Tool("mkfs.reiserfs", in: "reiserfsprogs")
    package static let mkfsUDF = Tool("mkfs.udf", in: "udftools")
    package static let mkfsXFS = Tool("mkfs.xfs", in: "xfsprogs")
    package static let mksquashfs = Tool("mksquashfs", in: "squashfs-tools")
    package static let mkswap = Tool("mkswap", in: "util-linux")
    package static let xorriso = Tool("xorriso", in: "xorriso")

    /// Debian's own Python: only that finds the modules in Debian's packages.
    package static let pythonNBD = Tool(
        "python3 with libnbd", in: "python3-libnbd", at: "/usr/bin/python3",
        needing: "/usr/lib/python3/dist-packages/nbd.py")

    /// True if a missing tool is a failure, and no reason to skip a test.
    package static let areRequired = ProcessInfo.processInfo.environment["VITRINE_REQUIRE_TOOLS"] == "1"

    package var isInstalled: Bool { path != nil }

    /// The advice to give if the program is missing.
    package var advice: String { "\(name) is missing: apt install \(debianPackage)" }

    private init(_ name: String, in debianPackage: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(
            String.init)
        let paths = (folders + ["/usr/sbin", "/sbin"]).map { "\($0)/\(name)" }
        self.name = name
        self.debianPackage = debianPackage
        path = paths.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private init(_ name: String, in debianPackage: String, at path: String, needing file: String) {
        self.name = name
        self.debianPackage = debianPackage
        self.path = FileManager.default.fileExists(atPath: file) ? path : nil
    }

    /// Runs the program to its end.
    package func run(_ arguments: String...) throws -> ProgramResult {
        try run(arguments)
    }

    package func run(_ arguments: [String]) throws -> ProgramResult {
        guard let path else { throw TestFailure(advice) }
        return try Program([path] + arguments).wait()
    }
}

/// The reason why a test cannot continue.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
