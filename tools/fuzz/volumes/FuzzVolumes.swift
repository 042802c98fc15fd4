import TestSupport
import VitrineFormats

/// Reads the logical volumes that any text describes, or any start of a physical volume. All that have bytes must be readable to their ends.
///
/// The first byte tells what the others are: the text of a group, in a sound metadata area on each of two physical volumes (0 and up: 64 times
/// that is where it starts in the area), or from 128 on, the first bytes of a physical volume.
func fuzzVolumes(_ bytes: [UInt8]) {
    guard let kind = bytes.first else { return }
    let content = Array(bytes.dropFirst())
    var volumes = [PhysicalVolumeBytes("a", extents: 16), PhysicalVolumeBytes("b", extents: 16)]
    if kind < 128 {
        for index in volumes.indices {
            volumes[index].put(
                text: content.prefix(PhysicalVolumeBytes.longestText), start: 512 + 64 * Int(kind))
        }
    } else {
        let count = min(content.count, volumes[0].bytes.count)
        volumes[0].bytes.replaceSubrange(0..<count, with: content.prefix(count))
    }
    var time = UInt64.max
    let places = volumes.map { (title: "partition", source: MemorySource($0.bytes) as any Source) }
    let found = LogicalVolumes(on: places, within: &time)
    precondition(found.warnings.count <= 21)
    for warning in found.warnings { precondition(warning.utf8.count < 2000, warning) }
    var names: Set<String> = []
    for volume in found.all {
        precondition(volume.name.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1, volume.name)
        precondition(places.indices.contains(volume.place))
        guard let source = volume.source else { continue }
        precondition(names.insert(volume.name).inserted, volume.name)
        precondition(source.size == volume.size && source.size > 0)
        check(source)
    }
}

/// Reads the start and the end of `source`, and asks for its extents.
private func check(_ source: any Source) {
    for offset in [0, source.size / 2, source.size - 1] {
        let count = Int(min(10_000, source.size - offset))
        let bytes = try? source.bytes(at: offset, count: count)
        precondition(bytes?.count == count)
    }
    var position: UInt64 = 0
    for _ in 0..<100 where position < source.size {
        guard let extent = try? source.extent(in: position..<source.size) else {
            preconditionFailure("no extent at \(position)")
        }
        precondition(extent.range.lowerBound == position && !extent.range.isEmpty)
        position = extent.range.upperBound
    }
}
