import VitrineFormats

/// Opens any bytes as a .gz file and reads what they hold: an error is fine, a crash is not.
///
/// Hardly any input has the right CRC32, without which a file is refused once all of it is decoded. So each is opened twice: as it
/// is, and with what comes before the damage made do with.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGzip(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The fuzzer owns these bytes for the time of this call, and says how many they are.
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    for recovers in [false, true] { read(bytes, recovers: recovers) }
    return 0
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
