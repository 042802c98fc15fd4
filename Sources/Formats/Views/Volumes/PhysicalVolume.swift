/// A place on a disk with the label of a physical volume of LVM2.
struct PhysicalVolume {
    /// The words for it in messages.
    let title: String

    let source: any Source

    let label: LVMLabel

    /// The volume in `source`. Nil if there is no label, or none that can be read.
    init?(_ title: String, _ source: any Source) {
        for number in 0..<LVMLabel.sectorCount {
            let sector = try? Fields(
                "label", of: source, at: UInt64(number * LVMLabel.sectorSize), count: LVMLabel.sectorSize)
            if let sector, let label = try? LVMLabel(sector, number: number) {
                self.title = title
                self.source = source
                self.label = label
                return
            }
        }
        return nil
    }
}
