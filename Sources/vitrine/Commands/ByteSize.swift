import ArgumentParser

/// A number of bytes as people write it: `4096`, `64K`, `256M`, `1GiB`, and `64 MiB` as in messages; `1.5` is not one.
struct ByteSize: ExpressibleByArgument, Equatable {
    let bytes: Int

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let unit = argument.dropFirst(digits.count)
        // Messages tell people sizes with a space in between.
        let suffix = (unit.hasPrefix(" ") && unit.count > 1 ? unit.dropFirst() : unit).lowercased()
        let shift: Int
        switch suffix {
        case "", "b": shift = 0
        case "k", "kib": shift = 10
        case "m", "mib": shift = 20
        case "g", "gib": shift = 30
        case "t", "tib": shift = 40
        default: return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        self.bytes = bytes
    }
}
