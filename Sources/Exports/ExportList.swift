package import VitrineFormats

/// All exports of a server, whatever its fronts are.
package struct ExportList: Sendable {
    /// The exports, in the order in which they are listed to clients.
    package let all: [Export]

    /// The exports `all`, whose names must differ.
    package init(_ all: [Export]) {
        self.all = all
    }

    /// The whole disk as the default export, and under `name` unless that is empty; then each partition, as `p1`, `p2` and so on, and
    /// each logical volume of `contents`, as `group/volume`. The partitions of a disk inside one of these have `/p1` and so on behind its
    /// name.
    ///
    /// Throws what `Slice` throws for a partition that is not inside the disk.
    package init(of image: Image, name: String, _ contents: DiskContents) throws(ImageError) {
        var title = "\(printable(image.name)): \(image.stack), \(byteCount(image.size))"
        let partitions = image.partitionTable?.partitions ?? []
        if !partitions.isEmpty { title += ", \(partitions.count) partitions" }
        if !contents.volumes.isEmpty { title += ", \(contents.volumes.count) logical volumes" }
        let statuses = StatusList(image.bitmaps)
        var all: [Export] = []
        for name in name.isEmpty ? [""] : ["", name] {
            all.append(Export(name: name, description: title, source: image.disk, statuses: statuses))
        }
        for (index, partition) in partitions.enumerated() {
            let export = Export(
                name: "p\(partition.number)",
                description: partition.summary,
                source: try Slice(image.disk, partition.range),
                statuses: statuses)
            all.append(export)
            all += try Self.partitions(of: contents.nested[index], in: export)
        }
        for contents in contents.volumes {
            guard let source = contents.volume.source else { continue }
            let name = contents.volume.name
            let export = Export(
                name: name, description: "logical volume \(name): \(byteCount(source.size))", source: source)
            all.append(export)
            all += try Self.partitions(of: contents.nested, in: export)
        }
        // The user may call the whole disk p1, and a group of volumes may be called so.
        var names: Set<[UInt8]> = []
        self.all = all.filter { names.insert(Array($0.name.utf8)).inserted }
    }

    /// The exports of the partitions of a disk that lies inside the export `outer`.
    private static func partitions(of nested: NestedDisk?, in outer: Export) throws(ImageError) -> [Export] {
        var exports: [Export] = []
        for partition in nested?.table.partitions ?? [] {
            exports.append(
                Export(
                    name: "\(outer.name)/p\(partition.number)",
                    description: "\(outer.name): \(partition.summary)",
                    source: try Slice(outer.source, partition.range)))
        }
        return exports
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
