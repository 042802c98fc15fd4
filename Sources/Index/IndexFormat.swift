import VitrineFormats

/// The constants of the format of index files, which docs/seek-index.md describes byte by byte.
enum IndexFormat {
    /// The first bytes of every index file: a byte that is no text, three letters, and line ends and a ^Z that a transfer as text
    /// would change.
    static let magic: [UInt8] = [0x89, 0x56, 0x53, 0x49, 0x0D, 0x0A, 0x1A, 0x0A]
    /// The last bytes of every index file.
    static let endMagic = Array(magic.reversed())

    /// The major version. A file of another one is not read.
    static let major: UInt16 = 2
    /// The minor version. Readers can do without everything that was added since 0.
    static let minor: UInt16 = 0

    /// The length in bytes of the header.
    static let headerSize = 4096
    /// The length in bytes of the trailer.
    static let trailerSize = 16
    /// The length in bytes of an entry of the section table.
    static let sectionSize = 32
    /// The length in bytes of a record of the SPANS section.
    static let spanSize = 48
    /// The length in bytes of a record of the ZEROES section.
    static let zeroRunSize = 16

    /// The layer size in the header if only decoding all of the layer tells it.
    static let unknownSize = UInt64.max

    // Limits: indexing an image comes nowhere near any of them. Each bounds the cost of loading a hostile file.

    /// The most sections a file may have.
    static let maximumSections = 64
    /// The most spans a file may have: 10 TiB of spans of 10 MiB.
    static let maximumSpans = 1 << 20
    /// The most runs of zeroes a file may have.
    static let maximumZeroRuns = 1 << 22
    /// The most bytes a detail may have.
    static let maximumDetail = 256 << 20
    /// The most bytes an image's name may have.
    static let maximumName = 1024
}
