/// Writes tar archives by hand, including ones that no program would write.
struct TarFile {
    private(set) var bytes: [UInt8] = []

    /// Adds a header and the padded `data`. `change` changes the header before it gets its checksum.
    mutating func add(
        _ name: String, _ data: [UInt8] = [], type: Character = "0", size: UInt64? = nil,
        _ change: (inout [UInt8]) -> Void = { _ in }
    ) {
        bytes += Self.header(name, size: size ?? UInt64(data.count), type: type, change) + data
        bytes += [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
    }

    /// Adds a pax header with `records`, each prefixed with its length.
    mutating func add(records: String...) {
        add("pax", records.flatMap(Self.record), type: "x")
    }

    /// Adds the blocks of zeroes that end an archive.
    mutating func end() {
        bytes += [UInt8](repeating: 0, count: 1024)
    }

    /// Adds any bytes.
    mutating func add(bytes more: [UInt8]) { bytes += more }

    /// A record of a pax header.
    static func record(_ text: String) -> [UInt8] {
        var length = text.utf8.count + 2
        while "\(length) \(text)\n".utf8.count != length { length += 1 }
        return Array("\(length) \(text)\n".utf8)
    }

    /// A ustar header.
    static func header(
        _ name: String, size: UInt64, type: Character = "0", _ change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        put(name, at: 0, in: &header)
        put("0000644", at: 100, in: &header)
        let digits = String(size, radix: 8)
        if digits.count < 12 {
            put(String(repeating: "0", count: 11 - digits.count) + digits, at: 124, in: &header)
        } else {
            header[124] = 0x80
            for index in 0..<8 {
                header[135 - index] = UInt8(truncatingIfNeeded: size >> (8 * UInt64(index)))
            }
        }
        put(String(type), at: 156, in: &header)
        put("ustar\u{0}00", at: 257, in: &header)
        change(&header)
        sum(&header)
        return header
    }

    /// Sets the checksum of `header`.
    static func sum(_ header: inout [UInt8]) {
        for index in 148..<156 { header[index] = 0x20 }
        let digits = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - digits.count) + digits + "\u{0} ", at: 148, in: &header)
    }

    /// Writes `text` into `header` at index `index`.
    static func put(_ text: String, at index: Int, in header: inout [UInt8]) {
        for (offset, byte) in text.utf8.enumerated() { header[index + offset] = byte }
    }
}
