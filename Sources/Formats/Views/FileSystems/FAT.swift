/// FAT12, FAT16 and FAT32.
///
/// Layout of the boot sector, integers little-endian (Microsoft FAT specification 1.03, sections 3.1 to 3.3). FAT12 and FAT16 have
/// what FAT32 has from 65 on at 37:
///
///      11  BPB_BytsPerSec   2
///      13  BPB_SecPerClus   1
///      14  BPB_RsvdSecCnt   2
///      16  BPB_NumFATs      1
///      17  BPB_RootEntCnt   2   0 in FAT32
///      19  BPB_TotSec16     2
///      21  BPB_Media        1
///      22  BPB_FATSz16      2   0 in FAT32
///      32  BPB_TotSec32     4
///      36  BPB_FATSz32      4
///      44  BPB_RootClus     4
///      48  BPB_FSInfo       2   a sector
///      65  BS_Reserved1     1   bit 0: not unmounted, as Linux and Windows have it
///      66  BS_BootSig       1   29 if the next two are there, 28 if just the first is
///      67  BS_VolID         4
///      71  BS_VolLab       11
///     510  signature        2   55 aa
///
/// A master boot record ends in 55 aa too, so nothing is taken for FAT that has any other impossible value.
struct FAT {
    let boot: Fields
    let sectorSize: UInt64
    let sectorsPerCluster: UInt64
    /// In sectors.
    let reserved: UInt64
    let fats: UInt64
    /// Of one FAT, in sectors.
    let fatSize: UInt64
    /// Entries of the root directory. 0 in FAT32.
    let rootEntries: UInt64
    /// In sectors.
    let total: UInt64
    /// The number of clusters.
    let clusters: UInt64
    /// The bits of an entry of the FAT: 12, 16 or 32.
    let bits: Int

    /// In bytes.
    var clusterSize: UInt64 { sectorsPerCluster * sectorSize }

    /// The first sector of the first cluster, whose number is 2.
    var dataStart: UInt64 { reserved + fats * fatSize + rootSectors }

    private var rootSectors: UInt64 { (rootEntries * 32 + sectorSize - 1) / sectorSize }

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has([0x55, 0xAA], at: 510), let boot = area.block(at: 0, count: 512),
            !NamedOnly.hasForeignBootSector(area), let fat = try FAT(boot)
        else { return nil }
        var result = FileSystem("vfat")
        result.variant = "FAT\(fat.bits)"
        result.size = fat.total * fat.sectorSize
        result.state = try fat.state(in: area)
        try fat.addIdentity(to: &result, area)
        try fat.addUse(to: &result, area)
        return result
    }

    /// Reads a boot sector. Nil if it is not one of FAT.
    init?(_ boot: Fields) throws(ImageError) {
        let sectorSize: UInt16 = try boot.little("BPB_BytsPerSec", at: 11)
        let perCluster: UInt8 = try boot.little("BPB_SecPerClus", at: 13)
        let reserved: UInt16 = try boot.little("BPB_RsvdSecCnt", at: 14)
        let fats: UInt8 = try boot.little("BPB_NumFATs", at: 16)
        let rootEntries: UInt16 = try boot.little("BPB_RootEntCnt", at: 17)
        let total16: UInt16 = try boot.little("BPB_TotSec16", at: 19)
        let media: UInt8 = try boot.little("BPB_Media", at: 21)
        let size16: UInt16 = try boot.little("BPB_FATSz16", at: 22)
        let total32: UInt32 = try boot.little("BPB_TotSec32", at: 32)
        let size32: UInt32 = try boot.little("BPB_FATSz32", at: 36)
        guard [512, 1024, 2048, 4096].contains(sectorSize), perCluster.nonzeroBitCount == 1, reserved != 0,
            1...2 ~= fats, media == 0xF0 || media >= 0xF8, size16 != 0 || size32 != 0
        else { return nil }
        self.boot = boot
        self.sectorSize = UInt64(sectorSize)
        sectorsPerCluster = UInt64(perCluster)
        self.reserved = UInt64(reserved)
        self.fats = UInt64(fats)
        fatSize = size16 != 0 ? UInt64(size16) : UInt64(size32)
        self.rootEntries = UInt64(rootEntries)
        total = total16 != 0 ? UInt64(total16) : UInt64(total32)
        // None of these sums is larger than 2^34.
        let rootSectors = (UInt64(rootEntries) * 32 + UInt64(sectorSize) - 1) / UInt64(sectorSize)
        let before = UInt64(reserved) + UInt64(fats) * fatSize + rootSectors
        guard total > before else { return nil }
        clusters = (total - before) / UInt64(perCluster)
        bits = size16 == 0 ? 32 : clusters < 4085 ? 12 : 16
        // The FAT must have room for its clusters, and numbers for them (section 3.5).
        let limit: UInt64 = bits == 32 ? 0x0FFF_FFF5 : 65525
        guard clusters > 0, clusters < limit,
            fatSize * UInt64(sectorSize) * 8 / UInt64(bits) >= clusters
        else { return nil }
    }

    /// The offset in the boot sector of the fields that FAT32 has from 65 on.
    private var extended: Int { bits == 32 ? 65 : 37 }

    /// The state that the boot sector and the second entry of the FAT tell (section 4.2).
    private func state(in area: SuperblockArea) throws(ImageError) -> FileSystem.State {
        let flags: UInt8 = try boot.little("BS_Reserved1", at: extended)
        let hasFlags: UInt8 = try boot.little("BS_BootSig", at: extended + 1)
        let isMarked = [0x28, 0x29].contains(hasFlags) && flags & 1 != 0
        if isMarked { return .notUnmounted }
        guard bits > 12 else { return .clean }
        guard let fat = area.block(at: reserved * sectorSize, count: 8) else { return .unknown }
        let entry: UInt32 = try fat.little("FAT[1]", at: bits / 8)
        return entry & (bits == 16 ? 1 << 15 : 1 << 27) != 0 ? .clean : .notUnmounted
    }

    private func addIdentity(to result: inout FileSystem, _ area: SuperblockArea) throws(ImageError) {
        let signature: UInt8 = try boot.little("BS_BootSig", at: extended + 1)
        if signature == 0x28 || signature == 0x29 {
            let serial: UInt32 = try boot.little("BS_VolID", at: extended + 2)
            if serial != 0 { result.uuid = serialText(serial) }
        }
        if let label = try FATRoot(self, area)?.label() {
            result.label = label
        } else if signature == 0x29 {
            let label = try boot.text("BS_VolLab", at: extended + 6, count: 11)
            if label != "NO NAME" { result.label = label }
        }
    }

    /// Adds the use that FAT32 has noted (section 5): a hint, which is right after an unmount.
    ///
    ///       0  FSI_LeadSig      4
    ///     484  FSI_StrucSig     4
    ///     488  FSI_Free_Count   4   in clusters
    private func addUse(to result: inout FileSystem, _ area: SuperblockArea) throws(ImageError) {
        guard bits == 32 else { return }
        let sector: UInt16 = try boot.little("BPB_FSInfo", at: 48)
        guard sector != 0, let info = area.block(at: UInt64(sector) * sectorSize, count: 512) else { return }
        let lead: UInt32 = try info.little("FSI_LeadSig", at: 0)
        let structure: UInt32 = try info.little("FSI_StrucSig", at: 484)
        let free: UInt32 = try info.little("FSI_Free_Count", at: 488)
        guard lead == 0x4161_5252, structure == 0x6141_7272 else { return }
        result.use(total: clusters, free: UInt64(free), unit: clusterSize)
    }
}

/// `serial` of FAT or exFAT, as it is usually written: 8E42-259A.
func serialText(_ serial: UInt32) -> String {
    let digits = hexDigits(serial, uppercase: true)
    return digits.prefix(4) + "-" + digits.suffix(4)
}
