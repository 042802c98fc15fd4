/// Kinds of which only the magic is known here, as in libblkid (util-linux, libblkid/src/superblocks).
enum NamedOnly {
    private struct Signature {
        let kind: String
        let magic: [UInt8]
        let place: UInt64
        let state: FileSystem.State

        init(_ kind: String, _ magic: String, at place: UInt64, state: FileSystem.State = .unknown) {
            self.init(kind, Array(magic.utf8), at: place, state: state)
        }

        init(_ kind: String, _ magic: [UInt8], at place: UInt64, state: FileSystem.State = .unknown) {
            self.kind = kind
            self.magic = magic
            self.place = place
            self.state = state
        }
    }

    /// Those that hold file systems.
    private static let containers = [
        Signature("BitLocker", "-FVE-FS-", at: 3, state: .encrypted),
        Signature("vdo", "dmvdo001", at: 0),
        Signature("DM_verity_hash", "verity\0\0", at: 0, state: .readOnly),
        Signature("DM_integrity", "integrt\0", at: 0),
        Signature("stratis", stratis, at: 512 + 4),
        Signature("stratis", stratis, at: 4608 + 4),
        Signature("VMFS_volume_member", [0x0D, 0xD0, 0x01, 0xC0], at: 1 << 20),
    ]

    private static let stratis = Array("!Stra0tis".utf8) + [0x86, 0xFF, 0x02] + Array("^Arh".utf8)

    private static let fileSystems =
        [
            Signature("ReFS", "ReFS\0", at: 3),
            Signature("gfs2", [0x01, 0x16, 0x19, 0x70, 0, 0, 0, 1], at: 65536),
            Signature("bfs", [0xCE, 0xFA, 0xAD, 0x1B], at: 0),
            Signature("romfs", "-rom1fs-", at: 0, state: .readOnly),
            Signature("ubi", "UBI#", at: 0),
            Signature("ubifs", [0x31, 0x18, 0x10, 0x06], at: 0),
            Signature("VMFS", [0x5E, 0xF1, 0xAB, 0x2F], at: 2 << 20),
        ] + (10...13).map { Signature("ocfs2", "OCFSV2", at: 1 << $0) }

    /// Boot sectors that may look like those of FAT.
    private static let bootSectors = ["NTFS    ", "EXFAT   ", "-FVE-FS-", "ReFS\0\0\0\0"]

    static func readContainer(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        first(of: containers, in: area)
    }

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        first(of: fileSystems, in: area)
    }

    /// True if the boot sector says that it is not one of FAT.
    static func hasForeignBootSector(_ area: SuperblockArea) -> Bool {
        bootSectors.contains { area.has($0, at: 3) }
    }

    private static func first(of signatures: [Signature], in area: SuperblockArea) -> FileSystem? {
        let found = signatures.first {
            area.block(at: $0.place, count: $0.magic.count)?.bytes == $0.magic
        }
        guard let found else { return nil }
        var result = FileSystem(found.kind)
        result.state = found.state
        return result
    }
}
