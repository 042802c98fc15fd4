/// The names of feature bits that the program that made an image gave them (docs/interop/qcow2.txt, "Feature name
/// table").
struct QCOW2FeatureNames: Sendable {
    /// Entries of 48 bytes: kind, bit, and a name padded with zeroes.
    var bytes: [UInt8] = []

    private static let entrySize = 48

    /// The printable name of bit `bit` of `kind`. Nil if the table has none.
    func name(_ kind: QCOW2Features.Kind, _ bit: Int) -> String? {
        for start in stride(from: 0, through: bytes.count - Self.entrySize, by: Self.entrySize)
        where bytes[start] == kind.rawValue && Int(bytes[start + 1]) == bit {
            let name = bytes[start + 2..<start + Self.entrySize].prefix { $0 != 0 }
            return printable(String(decoding: name, as: UTF8.self))
        }
        return nil
    }
}
