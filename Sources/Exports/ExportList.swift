package import VitrineFormats

/// All exports of a server, whatever its fronts are.
package struct ExportList: Sendable {
    /// The exports, in the order in which they are listed to clients.
    package let all: [Export]

    /// The exports `all`, whose names must differ.
    package init(_ all: [Export]) {
        self.all = all
    }

    /// The whole disk as the default export, and under `name` unless that is empty; then each partition, as `p1`, `p2` and so on.
    ///
    /// Throws what `Slice` throws for a partition that is not inside the disk.
    package init(of image: Image, name: String) throws(ImageError) {
        let title = "\(printable(image.name)): \(image.stack), \(byteCount(image.size))"
        let partitions = image.partitionTable?.partitions ?? []
        let whole = partitions.isEmpty ? title : "\(title), \(partitions.count) partitions"
        let statuses = StatusList(image.bitmaps)
        var all: [Export] = []
        for name in name.isEmpty ? [""] : ["", name] {
            all.append(Export(name: name, description: whole, source: image.disk, statuses: statuses))
        }
        for partition in partitions where !"p\(partition.number)".hasBytes(of: name) {
            all.append(
                Export(
                    name: "p\(partition.number)",
                    description: partition.summary,
                    source: try Slice(image.disk, partition.range),
                    statuses: statuses))
        }
        self.all = all
    }

    /// The export called `name`.
    package subscript(name: String) -> Export? { all.first { $0.name.hasBytes(of: name) } }
}

extension Partition {
    /// The partition in one line: number, type, name, size and offset.
    fileprivate var summary: String {
        let kind = typeName ?? "type \(type)"
        let title = name.isEmpty ? kind : "\(kind), \"\(printable(name))\""
        return "partition \(number): \(title), \(byteCount(range.upperBound - range.lowerBound))"
            + " at \(byteCount(range.lowerBound))"
    }
}
