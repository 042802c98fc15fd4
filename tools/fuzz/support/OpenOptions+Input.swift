import VitrineFormats

extension OpenOptions {
    /// As `how` says, a byte of the input: 16 has what is there of a disk made do with, 32 has content IDs not count.
    init(formats: [String], _ how: UInt8, engine: Engine) {
        self.init(formats: formats, engine: engine)
        formatOptions.recovers = how & 0x10 != 0
        formatOptions.ignoresContentID = how & 0x20 != 0
    }
}
