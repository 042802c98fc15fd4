public import ArgumentParser
public import VitrineFormats

/// The arguments of the process, as strings in which no byte is lost.
///
/// The parser takes strings, which hold nothing but Unicode. A byte that is not UTF-8 stands in them as a scalar for private use:
/// U+10FF80 for 0x80, up to U+10FFFF for 0xFF. If an argument holds one of these scalars itself, each of its bytes stands so too.
enum RawArguments {
    private static let start: UInt32 = 0x10FF00

    /// All arguments, without the program's name.
    static var all: [String] {
        (1..<Int(max(1, CommandLine.argc))).compactMap { index in
            unsafe CommandLine.unsafeArgv[index].map { unsafe string(SystemString(cString: $0).bytes) }
        }
    }

    /// The string that stands for `bytes`.
    static func string(_ bytes: [UInt8]) -> String {
        var result = String.UnicodeScalarView()
        func append(_ byte: UInt8) {
            if let scalar = Unicode.Scalar(start + UInt32(byte)) { result.append(scalar) }
        }
        decodeUTF8(bytes) { scalar in
            if isByte(scalar) { UTF8.encode(scalar)?.forEach(append) } else { result.append(scalar) }
        } else: { byte in
            append(byte)
        }
        return String(result)
    }

    /// The bytes that `string` stands for.
    static func bytes(_ string: String) -> [UInt8] {
        string.unicodeScalars.flatMap { scalar in
            isByte(scalar) ? [UInt8(scalar.value - start)] : Array(UTF8.encode(scalar) ?? .init())
        }
    }

    private static func isByte(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= start + 0x80 }
}

extension SystemString: ExpressibleByArgument {
    /// The bytes that the user gave, from the `argument` that the parser has of them.
    public init(argument: String) {
        self.init(bytes: RawArguments.bytes(argument))
    }
}
