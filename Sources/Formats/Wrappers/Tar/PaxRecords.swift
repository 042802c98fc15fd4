/// The records of a pax extended header (POSIX.1-2017, pax, "pax Header Block"): `LENGTH KEY=VALUE\n`. The length is
/// decimal and counts the whole record.
struct PaxRecords {
    private let bytes: [UInt8]
    /// The offset of the records in the archive, in bytes.
    private let base: UInt64

    init(_ bytes: [UInt8], at base: UInt64) {
        self.bytes = bytes
        self.base = base
    }

    /// Calls `body` with the key, the value and the offset in the archive of each record.
    ///
    /// Throws `corrupt` if a record does not have this form, and the errors of `body`.
    func forEach(
        _ body: (_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, _ place: UInt64) throws(ImageError) ->
            Void
    ) throws(ImageError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Some programs pad with NULs within the size of the header.
            if rest.first == 0, rest.allSatisfy({ $0 == 0 }) { return }
            let place = base + UInt64(rest.startIndex)
            // No allowed length has more digits.
            let digits = rest.prefix(12).prefix { $0 != UInt8(ascii: " ") }
            guard let length = Self.decimal(digits), length > UInt64(digits.count) + 1,
                length <= UInt64(rest.count)
            else {
                throw Self.error("length of the pax record", place, digits, "1...\(rest.count) and a blank")
            }
            let record = rest.prefix(Int(length)).dropFirst(digits.count + 1)
            guard record.last == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "="))
            else {
                throw ImageError(
                    .corrupt, "the pax record at \(place), \(length) bytes, is not KEY=VALUE and a line feed")
            }
            try body(record[..<equals], record[(equals + 1)...].dropLast(), place)
            rest = rest.dropFirst(Int(length))
        }
    }

    /// The decimal number in `digits`. Nil if there is none, or if it is 2^63 or more.
    static func decimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
            // No overflow: the parts of the sum are at most 2^63 - 1 and 9.
            guard !overflows, tens <= UInt64(Int64.max) else { return nil }
            number = tens + UInt64(digit - UInt8(ascii: "0"))
            guard number <= UInt64(Int64.max) else { return nil }
        }
        return number
    }

    /// The number in a record's value. `field` names it in errors.
    static func number(
        _ field: StaticString, _ value: ArraySlice<UInt8>, _ place: UInt64
    ) throws(ImageError) -> UInt64 {
        guard let number = decimal(value) else {
            throw error(field, place, value, "a number below 2^63")
        }
        return number
    }

    private static func error(
        _ field: StaticString, _ place: UInt64, _ found: ArraySlice<UInt8>, _ expected: String
    ) -> ImageError {
        ImageError(
            .corrupt, "\(field) at \(place) is \"\(printable(found.prefix(40)))\", expected \(expected)")
    }
}
