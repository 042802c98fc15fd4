/// The partition that a user means: by its number, or by what it is or holds.
package struct PartitionChoice: Equatable, Sendable {
    /// What is compared with the value, written as in fstab(5) and /dev/disk.
    private enum Field: String, CaseIterable {
        case label = "LABEL"
        case uuid = "UUID"
        case name = "PARTLABEL"
        case partitionUUID = "PARTUUID"
        case type = "TYPE"
    }

    /// The partition that was chosen, and the file system in it, if that was looked for.
    package struct Choice: Sendable {
        package let partition: Partition
        package let finding: DiskContents.Finding?
    }

    /// The number. Nil if the partition is meant by something else.
    package let number: Int?

    private let text: SystemString
    private let value: SystemString

    /// The only field that counts. Nil if all do.
    private let field: Field?

    /// The most digits of a number. What has more is an identifier: those of NTFS may consist of digits.
    private static let maximumDigits = 4

    /// The most partitions that an error lists.
    private static let maximumListed = 20

    /// The partition that `text` means: its number, with or without the `p` of its export; or the label or UUID of its file system, its
    /// own UUID or name, its type, or the kind of its file system; or one of these alone, as in `LABEL=root`.
    ///
    /// Nil if no partition can be meant, as the text is empty, or the number 0.
    package init?(_ text: SystemString) {
        self.text = text
        let field = Field.allCases.first { text.bytes.starts(with: Array("\($0.rawValue)=".utf8)) }
        self.field = field
        value = SystemString(bytes: text.bytes.dropFirst(field.map { $0.rawValue.utf8.count + 1 } ?? 0))
        let digits = value.bytes.first == UInt8(ascii: "p") ? value.bytes.dropFirst() : value.bytes[...]
        let isNumber =
            field == nil && 1...Self.maximumDigits ~= digits.count
            && digits.allSatisfy { 0x30...0x39 ~= $0 }
        number = isNumber ? Int(String(decoding: digits, as: UTF8.self)) : nil
        guard !value.bytes.isEmpty, number != 0 else { return nil }
    }

    /// The partition of `table` that is meant. Looks for file systems on `disk` only if there is no number.
    ///
    /// Throws an error that lists the partitions there are, or those that fit if there are several.
    package func choose(
        from table: PartitionTable?, of disk: any Source
    ) throws(ImageError) -> Choice {
        guard let table, !table.partitions.isEmpty else {
            throw ImageError(.outOfRange, "the disk has no \(title); it has no partitions")
        }
        let isInTable = number != nil || field == .name || field == .partitionUUID
        let findings = isInTable ? [] : DiskContents(of: disk, table, within: .max).partitions
        let all = table.partitions.enumerated().map { index, partition in
            Choice(partition: partition, finding: index < findings.count ? findings[index] : nil)
        }
        let fitting = all.filter(fits)
        if fitting.count == 1 { return fitting[0] }
        throw ImageError(
            .outOfRange,
            fitting.isEmpty
                ? "the disk has no \(title); it has: \(Self.list(all))"
                : "\(title) may be any of several; by its number, you can take one of: \(Self.list(fitting))")
    }

    /// The words for it in errors.
    private var title: String { number.map { "partition \($0)" } ?? "partition \"\(text)\"" }

    private func fits(_ choice: Choice) -> Bool {
        if let number { return choice.partition.number == number }
        return Field.allCases.contains { (field ?? $0) == $0 && fits($0, choice) }
    }

    private func fits(_ field: Field, _ choice: Choice) -> Bool {
        let partition = choice.partition
        var system: FileSystem?
        if case .fileSystem(let found) = choice.finding { system = found }
        return switch field {
        case .label: isEqual(to: system?.label)
        case .uuid: isEqual(to: system?.uuid, ignoringCase: true)
        case .name: isEqual(to: partition.name)
        case .partitionUUID: isEqual(to: partition.uuid, ignoringCase: true)
        case .type:
            isEqual(to: partition.type, ignoringCase: true) || isEqual(to: partition.typeName)
                || isEqual(to: system?.kind)
        }
    }

    private func isEqual(to other: String?, ignoringCase: Bool = false) -> Bool {
        guard let other else { return false }
        // Identifiers are in ASCII.
        return ignoringCase
            ? value.text.lowercased().hasBytes(of: other.lowercased()) : value.bytes.elementsEqual(other.utf8)
    }

    private static func list(_ choices: [Choice]) -> String {
        let left = choices.count - maximumListed
        return choices.prefix(maximumListed).map(description).joined(separator: ", ")
            + (left > 0 ? ", and \(left) more" : "")
    }

    /// A partition in a list: number, type and name, kind and label.
    private static func description(_ choice: Choice) -> String {
        let partition = choice.partition
        var texts = [quoted(partition.typeName ?? partition.type, partition.name)]
        if case .fileSystem(let system) = choice.finding {
            texts.append(quoted(system.kind, system.label ?? ""))
        }
        return "\(partition.number) (\(texts.joined(separator: ", ")))"
    }

    private static func quoted(_ kind: String, _ name: String) -> String {
        printable(kind) + (name.isEmpty ? "" : " \"\(printable(name))\"")
    }
}
