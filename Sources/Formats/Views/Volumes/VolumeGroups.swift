/// The volume groups on a disk, each by the newest description that can be read.
struct VolumeGroups {
    /// A group, and the physical volume whose metadata describes it.
    struct Found {
        var group: VolumeGroup
        let place: Int
    }

    /// The most bytes of descriptions that are read.
    private static let maximumText: UInt64 = 64 << 20

    /// The groups, in the order in which they were found.
    private(set) var all: [Found] = []

    /// The texts that the user should know, a sentence each.
    private(set) var warnings: [String] = []

    private var textLeft = Self.maximumText

    /// Reads the metadata of `volumes`. Takes no more than `time` microseconds for decoding, as far as that can be told beforehand.
    init(_ volumes: [PhysicalVolume], within time: inout UInt64) {
        for (place, volume) in volumes.enumerated() {
            do throws(ImageError) {
                for area in try volume.label.metadataAreas() { read(area, of: volume, place, &time) }
            } catch {
                warnings.append("\(volume.title): LVM: \(error)")
            }
        }
    }

    private mutating func read(
        _ area: LVMMetadataArea, of volume: PhysicalVolume, _ place: Int, _ time: inout UInt64
    ) {
        // What lies behind the end is an error of reading it.
        let isThere = volume.source.holds(area.size, at: area.offset)
        let needed = isThere ? volume.source.decodingTime(at: area.offset) : 0
        guard needed <= time else {
            // One description is enough.
            if all.isEmpty {
                warnings.append(
                    "\(volume.title): LVM: the metadata takes too long to decode, so logical volumes may be missing"
                )
            }
            return
        }
        time -= needed
        do throws(ImageError) {
            guard let text = try area.text(on: volume.source, limit: textLeft) else { return }
            textLeft -= UInt64(text.count)
            let group = try inside("metadata area at \(area.offset)") { () throws(ImageError) in
                try VolumeGroup(text)
            }
            add(group, place)
        } catch {
            warnings.append("\(volume.title): LVM: \(error)")
        }
    }

    private mutating func add(_ group: VolumeGroup, _ place: Int) {
        if let index = all.firstIndex(where: { $0.group.uuid == group.uuid }) {
            if all[index].group.sequence < group.sequence { all[index].group = group }
        } else {
            all.append(Found(group: group, place: place))
        }
    }
}
