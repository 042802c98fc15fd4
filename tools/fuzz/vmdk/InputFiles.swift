import VitrineFormats

/// The files in an input: the image is all of it; what it names starts at one of the multiples of 512 where a VMDK file
/// may start.
struct InputFiles {
    /// A header of any kind, or a descriptor.
    private static let starts: [[UInt8]] = [
        Array("KDMV".utf8), Array("COWD".utf8), [0xBE, 0xBA, 0xFE, 0xCA, 0, 0, 0, 0], Array("# Disk D".utf8),
    ]

    let bytes: [UInt8]
    let file: MemorySource

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        file = MemorySource(bytes)
    }

    /// The files that `name` stands for, from the one on that its last byte chooses; nil where there are no others.
    func named(_ name: [UInt8]) -> InputFiles? {
        let places = stride(from: 512, to: bytes.count, by: 512).filter { start in
            Self.starts.contains { bytes[start...].starts(with: $0) }
        }
        guard !places.isEmpty else { return nil }
        return InputFiles(Array(bytes[places[Int(name.last ?? 0) % places.count]...]))
    }
}
