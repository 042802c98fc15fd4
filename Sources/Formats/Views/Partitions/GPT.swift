/// A GUID partition table, found and checked.
///
/// Source: UEFI specification 2.10, section 5.3. A disk has two copies, each a header and an entry array: one at the
/// start, and one at the end in case the first is damaged.
struct GPT {
    /// The sector sizes that are tried, in bytes, the likely ones first. Only the header's offset tells the right one.
    static let sectorSizes: [UInt64] = [512, 4096, 2048, 1024]

    private let header: GPTHeader
    private let entries: Fields
    private let sectorSize: UInt64

    /// The GPT of `disk`, from the first copy that is sound. Nil if none is. Adds a warning for each copy that is not.
    ///
    /// The backup is not read if the primary is sound: it lies at the end of the disk, and in a compressed image,
    /// reading it can mean decoding all of it.
    ///
    /// Tries the sectors of `sectorSize` bytes alone, unless that is nil.
    static func find(on disk: any Source, sectorSize: UInt64?, _ warnings: inout [String]) -> GPT? {
        let sizes = sectorSize.map { [$0] } ?? sectorSizes
        var reason = ""
        if let primary = first(on: disk, sizes, { _ in 1 }, &reason) {
            primary.warnIfCutOff(disk, &warnings)
            return primary
        }
        warnings.append("the primary GPT cannot be used: \(reason)")
        if let backup = first(on: disk, sizes, { disk.size / $0 - 1 }, &reason) {
            warnings.append("the backup GPT, at the end of the disk, is used instead")
            return backup
        }
        warnings.append("the backup GPT cannot be used: \(reason)")
        return nil
    }

    /// The first sound copy whose header is in the sector that `lba` gives for one of the sector `sizes`.
    ///
    /// If there is none, `reason` becomes the cause.
    private static func first(
        on disk: any Source, _ sizes: [UInt64], _ lba: (UInt64) -> UInt64, _ reason: inout String
    ) -> GPT? {
        var failure: ImageError?
        for size in sizes where disk.size / size >= 2 {
            do throws(ImageError) {
                let lba = lba(size)
                let sector = try Fields("GPT header", of: disk, at: lba * size, count: Int(size))
                guard let header = try GPTHeader(sector, at: lba) else { continue }
                return GPT(
                    header: header, entries: try header.entries(on: disk, sectorSize: size), sectorSize: size)
            } catch {
                failure = failure ?? error
            }
        }
        reason = failure?.description ?? "there is no header"
        return nil
    }

    private func warnIfCutOff(_ disk: any Source, _ warnings: inout [String]) {
        let count = disk.size / sectorSize
        guard header.alternateLBA >= count else { return }
        warnings.append(
            "the backup GPT should be in sector \(header.alternateLBA), but the disk has \(count) sectors of "
                + "\(sectorSize) bytes: the image may be cut short")
    }

    /// The table of its partitions.
    func table(of disk: any Source, _ warnings: [String]) throws(ImageError) -> PartitionTable {
        var list = PartitionList(diskSize: disk.size, sectorSize: sectorSize, warnings)
        for index in 0..<header.entryCount {
            guard let entry = try GPTEntry(entries, at: index * header.entrySize) else { continue }
            // As in Linux, the number is the position in the array, so that it stays when other partitions go.
            let number = index + 1
            guard entry.firstLBA <= entry.lastLBA else {
                list.warn(
                    "partition \(number) begins at sector \(entry.firstLBA) and ends at \(entry.lastLBA): "
                        + "it is left out")
                continue
            }
            let type = entry.type.description
            list.add(
                number, entry.firstLBA...entry.lastLBA, type: type, typeName: GPTTypes.names[type],
                name: entry.name, uuid: entry.unique?.description.lowercased(), attributes: entry.attributes)
        }
        return list.table(.gpt)
    }
}
