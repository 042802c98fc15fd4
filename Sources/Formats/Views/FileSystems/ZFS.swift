/// Members of pools of ZFS.
///
/// A label of 256 KiB lies at the start. At 16 KiB in it is a list of names and values in XDR, integers big-endian (ZFS On-Disk
/// Specification, section 1.3; OpenZFS, module/nvpair/nvpair.c):
///
///      0  encoding   1   1 for XDR
///      4  version    4   0
///      8  flags      4
///     12  pairs
///
/// and a pair, each part filled to a multiple of 4:
///
///      0  encoded size   4   of the pair; 0 ends the list
///      4  decoded size   4
///      8  name               length in 4 bytes, characters
///         type           4   8 a number of 64 bits, 9 a text
///         count          4
///         value
enum ZFS {
    private static let place: UInt64 = 16 << 10

    /// The most pairs that are looked at: a label has about 15.
    private static let maximumPairs = 64

    private static let states: [UInt64: FileSystem.State] = [0: .notUnmounted, 1: .clean]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        // The list may be longer than that, but not the part of it with the pool.
        guard area.has([1], at: Int(place)), let list = area.block(at: place, count: 32 << 10) else {
            return nil
        }
        let version: UInt32 = try list.big("version", at: 4)
        guard version == 0 else { return nil }
        let (numbers, texts) = try pairs(of: list)
        guard let pool = numbers["pool_guid"], numbers["version"] != nil else { return nil }
        var result = FileSystem("zfs_member")
        result.uuid = String(pool)
        result.label = texts["name"]
        // A pool in use keeps its last changes in a log. It can be imported, if that is insisted on.
        result.state = numbers["state"].flatMap { states[$0] } ?? .unknown
        return result
    }

    /// The numbers and the texts of the list.
    private static func pairs(of list: Fields) throws(ImageError) -> ([String: UInt64], [String: String]) {
        var numbers: [String: UInt64] = [:]
        var texts: [String: String] = [:]
        var place = 12
        for _ in 0..<maximumPairs {
            guard place <= list.bytes.count - 12 else { break }
            let size: UInt32 = try list.big("encoded size", at: place)
            let nameLength: UInt32 = try list.big("name", at: place + 8)
            // Behind the name there are at least a type, a count and a number.
            guard size >= 28, Int(size) <= list.bytes.count - place, Int(nameLength) <= Int(size) - 28 else {
                break
            }
            let name = String(
                decoding: try list.slice("name", at: place + 12, count: Int(nameLength)), as: UTF8.self)
            let value = place + 12 + (Int(nameLength) + 3) & ~3
            guard value + 16 <= place + Int(size) else { break }
            let type: UInt32 = try list.big("type", at: value)
            if type == 8 {
                numbers[name] = try list.big("value", at: value + 8)
            } else if type == 9 {
                let length: UInt32 = try list.big("value", at: value + 8)
                guard Int(length) <= place + Int(size) - value - 12 else { break }
                texts[name] = try list.text("value", at: value + 12, count: Int(length))
            }
            place += Int(size)
        }
        return (numbers, texts)
    }
}
