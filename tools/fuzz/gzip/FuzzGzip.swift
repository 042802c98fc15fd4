import VitrineFormats

/// Opens any bytes as a .gz file and reads what they hold: an error is fine, a crash is not.
///
/// Hardly any input has the right CRC32, without which a file is refused once all of it is decoded. So each is opened twice: as it
/// is, and with what comes before the damage made do with.
func fuzzGzip(_ bytes: [UInt8]) {
    for recovers in [false, true] { read(bytes, recovers: recovers) }
}

private func read(_ bytes: [UInt8], recovers: Bool) {
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    var options = OpenOptions(formats: ["gzip"], engine: engine)
    options.formatOptions.recovers = recovers
    guard let image = try? Image("fuzz.gz", MemorySource(bytes), options) else { return }
    let size = image.size
    // The start, the end, and places between: a disk that claims to be large is not read in full.
    for part in 0..<16 {
        let offset = size / 16 * UInt64(part)
        _ = try? image.disk.bytes(at: offset, count: Int(min(4096, size - offset)))
    }
    precondition(engine.cache.held <= engine.memory)
}
