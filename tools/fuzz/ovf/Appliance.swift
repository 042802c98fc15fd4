/// An appliance with files of all kinds that a descriptor may name, and the descriptor.
enum Appliance {
    /// Plain ones, one whose name a URI writes otherwise, one in pieces of 512 bytes, and one of several versions.
    private static let files: [UInt8] =
        ["a.raw", "a b.raw", "p.000000000", "p.000000001", "p.000000002", "v.000000001", "v.000000007"]
        .enumerated().flatMap { index, name in
            member(name, [UInt8](repeating: UInt8(index + 1), count: name == "p.000000002" ? 100 : 512))
        }

    /// The tar archive of it with `descriptor`.
    static func archive(_ descriptor: [UInt8]) -> [UInt8] { member("a.ovf", descriptor) + files }

    /// The header and, padded, `data` (POSIX.1-2017, pax, "ustar Interchange Format").
    private static func member(_ name: String, _ data: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: some Sequence<UInt8>, at index: Int) {
            for (offset, byte) in text.enumerated() { header[index + offset] = byte }
        }
        put(name.utf8, at: 0)
        put(octal(data.count, digits: 11), at: 124)
        put("        0".utf8, at: 148)
        put("ustar\u{0}00".utf8, at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + [0], at: 148)
        return header + data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
    }

    private static func octal(_ number: Int, digits: Int) -> [UInt8] {
        (0..<digits).reversed().map { UInt8(0x30 + number >> (3 * $0) & 7) }
    }
}
