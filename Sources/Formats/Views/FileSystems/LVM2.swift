/// Physical volumes of LVM2, by their labels.
enum LVM2 {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        for number in 0..<LVMLabel.sectorCount {
            let offset = UInt64(number * LVMLabel.sectorSize)
            guard let sector = area.block(at: offset, count: LVMLabel.sectorSize),
                let label = try LVMLabel(sector, number: number)
            else { continue }
            var result = FileSystem(kind)
            result.variant = "LVM2 001"
            result.uuid = label.uuid
            if label.deviceSize > 0 { result.size = label.deviceSize }
            result.state = label.isSound ? .clean : .damaged
            return result
        }
        return nil
    }

    /// The name of the kind, as blkid gives it.
    static let kind = "LVM2_member"
}
