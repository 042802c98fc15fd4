import VitrineFiles
import VitrineFormats

/// Files as they are listed, in the form of ls(1).
struct FileListing {
    struct Line {
        let name: SystemString
        /// Nil if just the name is shown.
        var attributes: FileAttributes?
        /// The target of a link.
        var target: SystemString?

        init(name: SystemString) { self.name = name }

        /// The line of `file`, with its attributes if it `isLong`.
        init(_ name: SystemString, _ file: any FileNode, isLong: Bool) throws(ImageError) {
            self.name = name
            guard isLong else { return }
            attributes = file.attributes
            if file.attributes.kind == .link { target = try? file.target() }
        }
    }

    let lines: [Line]
    let isLong: Bool
    /// The directory, if there are several.
    var heading: SystemString?

    /// The lines. Names are escaped if they are for a terminal: they may hold what controls it.
    func text(isTerminal: Bool) -> [UInt8] {
        func shown(_ name: SystemString) -> [UInt8] {
            isTerminal ? Array(printable(name.bytes).utf8) : name.bytes
        }
        let feed = UInt8(ascii: "\n")
        var text: [UInt8] = []
        if let heading { text += shown(heading) + Array(":\n".utf8) }
        // The names may be any bytes, and stand behind the table.
        let columns = isLong ? TextTable.lines(lines.map(\.columns)) : []
        for (index, line) in lines.enumerated() {
            if isLong { text += Array(columns[index].utf8.dropFirst(2)) + [UInt8(ascii: " ")] }
            text += shown(line.name)
            if let target = line.target, isLong { text += Array(" -> ".utf8) + shown(target) }
            text.append(feed)
        }
        return text
    }

    var json: [JSONValue] { lines.map(\.json) }
}

extension FileListing.Line {
    /// The columns in front of the name.
    fileprivate var columns: [String] {
        guard let attributes else { return [] }
        let isDevice = attributes.kind == .characterDevice || attributes.kind == .blockDevice
        return [
            Self.mode(attributes), "\(attributes.links)", "\(attributes.user)", "\(attributes.group)",
            isDevice ? "\(attributes.major), \(attributes.minor)" : "\(attributes.size)",
            attributes.seconds < 0
                ? "\(attributes.seconds) s" : String(civilTime(UInt64(attributes.seconds)).prefix(16)),
        ]
    }

    /// The kind and the permissions, as ls(1) shows them.
    private static func mode(_ attributes: FileAttributes) -> String {
        let kinds: [FileAttributes.Kind: String] = [
            .regular: "-", .directory: "d", .link: "l", .characterDevice: "c", .blockDevice: "b",
            .pipe: "p", .socket: "s",
        ]
        let permissions = attributes.permissions
        var letters = Array("rwxrwxrwx").enumerated().map { index, letter in
            permissions & (0o400 >> UInt32(index)) != 0 ? letter : "-"
        }
        // setuid, setgid and sticky stand in the places of x; in capitals if that is not set.
        for (bit, place, marks) in [(0o4000, 2, "Ss"), (0o2000, 5, "Ss"), (0o1000, 8, "Tt")] {
            guard permissions & UInt32(bit) != 0, let plain = marks.first, let executable = marks.last else {
                continue
            }
            letters[place] = letters[place] == "x" ? executable : plain
        }
        return (kinds[attributes.kind] ?? "?") + String(letters)
    }

    fileprivate var json: JSONValue {
        var values: [String: JSONValue] = ["name": .string(name.text)]
        guard let attributes else { return .object(values) }
        values["type"] = .string(attributes.kind.rawValue)
        values["mode"] = .string(String(attributes.permissions, radix: 8))
        values["links"] = .number(UInt64(attributes.links))
        values["user"] = .number(UInt64(attributes.user))
        values["group"] = .number(UInt64(attributes.group))
        values["size"] = .number(attributes.size)
        values["modified"] = .string(
            attributes.seconds < 0 ? "\(attributes.seconds)" : civilTime(UInt64(attributes.seconds)))
        values["inode"] = .number(attributes.number)
        if attributes.kind == .characterDevice || attributes.kind == .blockDevice {
            values["device"] = .string("\(attributes.major):\(attributes.minor)")
        }
        if attributes.kind == .link { values["target"] = target.map { .string($0.text) } ?? .null }
        return .object(values)
    }
}
