/// A globally unique identifier, as UEFI stores and writes it.
///
/// Source: UEFI specification 2.10, appendix A. The first three of its five groups are stored as
/// little-endian integers, the others byte by byte.
struct GUID: CustomStringConvertible {
    private let first: UInt32
    private let second: UInt16
    private let third: UInt16

    /// The last two groups, as one big-endian integer.
    private let rest: UInt64

    /// Reads the GUID at `offset` of a structure. `field` names it in errors.
    init(_ field: StaticString, in fields: Fields, at offset: Int) throws(ImageError) {
        first = try fields.little(field, at: offset)
        second = try fields.little(field, at: offset + 4)
        third = try fields.little(field, at: offset + 6)
        let swapped: UInt64 = try fields.little(field, at: offset + 8)
        rest = swapped.byteSwapped
    }

    var isZero: Bool { first == 0 && second == 0 && third == 0 && rest == 0 }

    /// The GUID in upper case, such as `C12A7328-F81F-11D2-BA4B-00A0C93EC93B`.
    var description: String {
        let digits = hexDigits(rest, uppercase: true)
        return [
            hexDigits(first, uppercase: true), hexDigits(second, uppercase: true),
            hexDigits(third, uppercase: true), String(digits.prefix(4)), String(digits.dropFirst(4)),
        ].joined(separator: "-")
    }
}
