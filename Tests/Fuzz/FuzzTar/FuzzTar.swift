import VitrineFormats

/// Opens any bytes as a tar archive and reads the member it holds: an error is fine, a crash is not.
///
/// The checksum of every block that has a place for one is put right, so that the fuzzer need not guess it; those that
/// hold data are not the worse for it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTar(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The fuzzer owns these bytes for the time of this call, and says how many they are.
    var bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    for start in stride(from: 0, to: bytes.count - bytes.count % 512, by: 512)
    where bytes[start + 155] == 0x20 {
        sum(&bytes, start)
    }
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    guard
        let image = try? Image(
            "fuzz.tar", MemorySource(bytes), OpenOptions(formats: ["tar", "raw"], engine: engine))
    else { return 0 }
    let size = image.size
    var position: UInt64 = 0
    // The start, and places between: a member that claims to be large is not read in full.
    for part in 0..<16 {
        let offset = size / 16 * UInt64(part)
        let bytes = try? image.disk.bytes(at: offset, count: Int(min(4096, size - offset)))
        precondition(bytes != nil)
        guard position < size, let extent = try? image.disk.extent(in: position..<size) else { continue }
        precondition(extent.range.lowerBound == position && extent.range.upperBound > position)
        precondition(extent.range.upperBound <= size)
        position = extent.range.upperBound
    }
    return 0
}

/// Gives the header at `start` its checksum.
private func sum(_ bytes: inout [UInt8], _ start: Int) {
    for index in start + 148..<start + 156 { bytes[index] = 0x20 }
    var rest = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
    for index in (start + 148..<start + 154).reversed() {
        bytes[index] = UInt8(0x30 + rest & 7)
        rest >>= 3
    }
    bytes[start + 154] = 0
}
