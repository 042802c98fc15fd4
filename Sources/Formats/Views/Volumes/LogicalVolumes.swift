/// The logical volumes on some physical volumes of LVM2: the linear and striped ones with their bytes, the others with the reason that they
/// have none. Those that are only parts of others are left out.
package struct LogicalVolumes: Sendable {
    /// The volumes, in the order of the metadata. Of two with the same name, only the first has bytes.
    package private(set) var all: [LogicalVolume] = []

    /// The texts that the user should know, a sentence each.
    package private(set) var warnings: [String] = []

    /// The largest number of warnings that are kept.
    private static let maximumWarnings = 20

    /// Reads the volumes on those of `places` that have the label of a physical volume. Each place has the title that messages use.
    /// Takes no more than `time` microseconds for decoding, as far as that can be told beforehand.
    package init(on places: [(title: String, source: any Source)], within time: inout UInt64) {
        var indexes: [Int] = []
        var volumes: [PhysicalVolume] = []
        for (index, place) in places.enumerated() {
            guard let volume = PhysicalVolume(place.title, place.source) else { continue }
            indexes.append(index)
            volumes.append(volume)
        }
        let groups = VolumeGroups(volumes, within: &time)
        warnings = groups.warnings
        var present: [String: Int] = [:]
        for (index, volume) in volumes.enumerated() {
            if let first = present[volume.label.uuid] {
                warnings.append(
                    "\(volumes[first].title) and \(volume.title) have the same physical volume of LVM; the first is used"
                )
            } else {
                present[volume.label.uuid] = index
            }
        }
        var names: Set<String> = []
        for found in groups.all {
            let reader = VolumeGroupReader(found.group, volumes, present)
            for var volume in reader.volumes(describedOn: found.place) {
                if !names.insert(volume.name).inserted {
                    volume = volume.without(ImageError(.unsupported, "another volume is called the same"))
                }
                all.append(volume.at(indexes[volume.place]))
            }
            warnings += reader.overlaps
        }
        if warnings.count > Self.maximumWarnings {
            let left = warnings.count - Self.maximumWarnings
            warnings = warnings.prefix(Self.maximumWarnings) + ["LVM: \(left) more warnings are left out"]
        }
    }
}
