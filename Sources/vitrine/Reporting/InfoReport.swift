import FoundationEssentials
import VitrineFormats
import VitrineIndex

/// What `vitrine info` says.
enum InfoReport {
    // MARK: For people

    static func text(_ image: Image) -> String {
        var lines = ["\(printable(image.name)): \(image.stack), \(size(image.size))"]
        for layer in image.layers where !layer.properties.isEmpty {
            lines += ["", layer.format]
            lines += TextTable.lines(
                layer.properties.map { [$0.label, text($0.value)] }
                    + (layer.indexable.map { IndexReport.properties($0.indexState) } ?? []))
        }
        if let table = image.partitionTable {
            lines += [
                "", "partitions (\(table.scheme.rawValue.uppercased()), \(table.sectorSize)-byte sectors)",
            ]
            lines += TextTable.lines(
                [["", "offset", "size", "type", "name"]]
                    + table.partitions.map { partition in
                        [
                            "p\(partition.number)", "\(partition.range.lowerBound)",
                            byteCount(partition.range.upperBound - partition.range.lowerBound),
                            partition.typeName ?? partition.type, printable(partition.name),
                        ]
                    })
        }
        return lines.joined(separator: "\n")
    }

    private static func size(_ bytes: UInt64) -> String {
        bytes < 1024 ? byteCount(bytes) : "\(byteCount(bytes)) (\(bytes) bytes)"
    }

    private static func text(_ value: Layer.Property.Value) -> String {
        switch value {
        case .number(let number): "\(number)"
        case .bytes(let bytes): size(bytes)
        case .text(let text): text
        case .texts(let texts): texts.joined(separator: ", ")
        }
    }

    // MARK: For programs

    static func json(_ image: Image, path: String) throws -> String {
        let fingerprint = try Fingerprint(of: image.file, format: image.layers.first?.format ?? "")
        let report: JSONValue = .object([
            "image": .string(path),
            "fingerprint": .string(fingerprint.description),
            "format": .string(image.stack),
            "size": .number(image.size),
            "layers": .array(image.layers.map(json)),
            "partition-table": image.partitionTable.map(json) ?? .null,
            "warnings": .array(image.warnings.map { .string($0) }),
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    private static func json(_ layer: Layer) -> JSONValue {
        var object: [String: JSONValue] = ["format": .string(layer.format), "size": .number(layer.size)]
        if let indexable = layer.indexable { object["index"] = IndexReport.json(indexable.indexState) }
        for property in layer.properties {
            object[property.key] =
                switch property.value {
                case .number(let value), .bytes(let value): .number(value)
                case .text(let text): .string(text)
                case .texts(let texts): .array(texts.map { .string($0) })
                }
        }
        return .object(object)
    }

    private static func json(_ table: PartitionTable) -> JSONValue {
        .object([
            "scheme": .string(table.scheme.rawValue),
            "sector-size": .number(table.sectorSize),
            "partitions": .array(
                table.partitions.map { partition in
                    .object([
                        "number": .number(UInt64(partition.number)),
                        "start": .number(partition.range.lowerBound),
                        "size": .number(partition.range.upperBound - partition.range.lowerBound),
                        "type": .string(partition.type),
                        "type-name": partition.typeName.map { .string($0) } ?? .null,
                        "name": .string(partition.name),
                    ])
                }),
        ])
    }
}
