/// Puts the records of a pax extended header one after the other: `LENGTH KEY=VALUE\n`. The length is decimal and counts the whole
/// record.
struct PaxRecordWriter {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ key: String, _ value: String) { add(Array(key.utf8), Array(value.utf8)) }

    mutating func add(_ key: String, _ value: [UInt8]) { add(Array(key.utf8), value) }

    mutating func add(_ key: [UInt8], _ value: [UInt8]) {
        // The blank, the equals sign and the line feed.
        let rest = key.count + value.count + 3
        var length = rest + 1
        while length != rest + "\(length)".utf8.count { length = rest + "\(length)".utf8.count }
        bytes += Array("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
    }
}
