import VitrineFormats

/// The files in an input: the image is all of it; what it names starts where the magic is once more, at a multiple of
/// 512.
struct InputImages {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xFB]

    let bytes: [UInt8]
    let file: MemorySource

    /// The format that the version stands for.
    var format: String { bytes.count > 7 && bytes[4..<8].elementsEqual([0, 0, 0, 1]) ? "qcow" : "qcow2" }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        file = MemorySource(bytes)
    }

    /// The files from the next magic on; nil where there is none.
    var next: InputImages? {
        guard bytes.count > 1024 else { return nil }
        for start in stride(from: 512, through: bytes.count - 512, by: 512)
        where bytes[start] == Self.magic[0] && bytes[start..<start + 4].elementsEqual(Self.magic) {
            return InputImages(Array(bytes[start...]))
        }
        return nil
    }
}
