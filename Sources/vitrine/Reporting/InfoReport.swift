import VitrineFormats
import VitrineIndex

/// The output of `vitrine info`.
enum InfoReport {
    // MARK: For people

    /// The most records that are shown of a long list.
    private static let maximumRecords = 10

    static func text(_ image: ImageDescription) -> String {
        var lines = ["\(printable(image.name)): \(image.stack), \(size(image.size))"]
        for (number, layer) in image.layers.enumerated() {
            let isDisk = number == image.layers.count - 1
            let properties = layer.properties + (isDisk ? image.details : [])
            guard !properties.isEmpty else { continue }
            lines += ["", layer.format]
            lines += TextTable.lines(
                properties.compactMap { property in
                    text(property.value).map { [property.label, $0] }
                } + (layer.indexable.map { IndexReport.properties($0.indexState) } ?? []))
            for property in properties {
                if case .records(let records, let total) = property.value {
                    lines += ["", "\(property.label) (\(total))"] + table(records, total)
                }
            }
        }
        if let table = image.partitionTable {
            lines += [
                "", "partitions (\(table.scheme.rawValue.uppercased()), \(table.sectorSize)-byte sectors)",
            ]
            if let contents = image.contents { lines += FileSystemReport.lines(table, contents) }
        } else if let reason = image.partitionTableReason {
            lines += ["", "the partitions were not read: \(reason.words)"]
        }
        if let contents = image.contents {
            let title = image.partitionTable == nil ? "no partition table" : "the whole disk"
            lines += FileSystemReport.lines(contents, title: title)
        }
        return lines.joined(separator: "\n")
    }

    /// The warnings about the image, and those about what it holds.
    static func warnings(_ image: ImageDescription) -> [String] {
        image.warnings + (image.contents?.doubt.map { [$0.words] } ?? [])
    }

    /// A table of the first of `records`, a line each.
    private static func table(_ records: [[Layer.Property]], _ total: UInt64) -> [String] {
        let shown = records.prefix(maximumRecords)
        guard let first = shown.first else { return [] }
        var lines = TextTable.lines(
            [first.filter { !$0.label.isEmpty }.map(\.label)]
                + shown.map { record in
                    record.filter { !$0.label.isEmpty }.map { text($0.value, isBrief: true) ?? "" }
                })
        if total > UInt64(shown.count) { lines.append("  ... and \(total - UInt64(shown.count)) more") }
        return lines
    }

    private static func size(_ bytes: UInt64?) -> String {
        guard let bytes else { return "size not known yet: run vitrine index to find it" }
        return bytes < 1024 ? byteCount(bytes) : "\(byteCount(bytes)) (\(bytes) bytes)"
    }

    /// The text of a value. Nil for one that has a table of its own. It is shorter if it `isBrief`, for the room in such a table.
    private static func text(_ value: Layer.Property.Value, isBrief: Bool = false) -> String? {
        switch value {
        case .number(let number): "\(number)"
        case .bytes(let bytes): isBrief ? byteCount(bytes) : size(bytes)
        case .text(let text), .phrase(let text, _): text
        case .texts(let texts): texts.joined(separator: ", ")
        case .flag(let flag): flag ? "yes" : "no"
        case .share(let part, let whole): share(part, whole)
        case .date(let seconds): civilTime(seconds)
        case .records: nil
        }
    }

    private static func share(_ part: UInt64, _ whole: UInt64) -> String {
        guard whole > 0 else { return "\(part)" }
        let tenths = Int((Double(part) / Double(whole) * 1000).rounded())
        return "\(part) (\(tenths / 10).\(tenths % 10) %)"
    }

    // MARK: For programs

    static func json(_ image: ImageDescription, path: SystemString) throws -> String {
        let fingerprint = try Fingerprint(
            of: image.file.source, format: image.layers.first?.format ?? "",
            digest: image.layers.first?.indexable?.digest() ?? [])
        let report: JSONValue = .object(
            [
                "image": .string(path.text),
                "fingerprint": .string(fingerprint.description),
                "format": .string(image.stack),
                "size": image.size.map { .number($0) } ?? .null,
                "layers": .array(
                    image.layers.enumerated().map { number, layer in
                        json(layer, number == image.layers.count - 1 ? image.details : [])
                    }),
                "partition-table": image.partitionTable.map { json($0, image.contents) } ?? .null,
                "volumes": FileSystemReport.json(
                    image.contents?.volumes ?? [], image.partitionTable?.partitions.map(\.number) ?? []),
                "partition-table-not-read": image.partitionTableReason.map { .string($0.words) } ?? .null,
                "warnings": .array(warnings(image).map { .string($0) }),
            ].merging(FileSystemReport.json(image.contents?.disk)) { old, _ in old })
        return try report.text
    }

    private static func json(_ layer: Layer, _ details: [Layer.Property]) -> JSONValue {
        var object = object(layer.properties + details)
        object["format"] = .string(layer.format)
        object["size"] = layer.size.map { .number($0) } ?? .null
        if let indexable = layer.indexable { object["index"] = IndexReport.json(indexable.indexState) }
        return .object(object)
    }

    private static func object(_ properties: [Layer.Property]) -> [String: JSONValue] {
        var object: [String: JSONValue] = [:]
        for property in properties {
            switch property.value {
            case .number(let value), .bytes(let value), .share(let value, _), .date(let value):
                object[property.key] = .number(value)
            case .text(let text): object[property.key] = .string(text)
            case .phrase(_, let number): object[property.key] = number.map { .number($0) } ?? .null
            case .texts(let texts): object[property.key] = .array(texts.map { .string($0) })
            case .flag(let flag): object[property.key] = .bool(flag)
            case .records(let records, let total):
                object[property.key] = .array(records.map { .object(Self.object($0)) })
                object["total-\(property.key)"] = .number(total)
            }
        }
        return object
    }

    private static func json(_ table: PartitionTable, _ contents: DiskContents?) -> JSONValue {
        FileSystemReport.json(table) { index in
            var members = FileSystemReport.json(contents?.partitions[index])
            members["partition-table"] = FileSystemReport.json(contents?.nested[index])
            return members
        }
    }
}
