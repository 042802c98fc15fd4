import VitrineFormats

/// Opens any bytes as an .xz file and reads what they hold: an error is fine, a crash is not.
/// The input is copied into place behind the stream header's magic, so that the fuzzer need not guess it.
func fuzzXZ(_ bytes: [UInt8]) {
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    guard let image = try? Image("fuzz.xz", MemorySource(bytes), OpenOptions(formats: ["xz"], engine: engine))
    else { return }
    let size = image.size
    // The start, the end, and places between: a disk that claims to be large is not read in full.
    for part in 0..<16 {
        let offset = size / 16 * UInt64(part)
        _ = try? image.disk.bytes(at: offset, count: Int(min(4096, size - offset)))
    }
    precondition(engine.cache.held <= engine.memory)
}
