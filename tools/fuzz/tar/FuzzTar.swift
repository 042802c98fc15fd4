import VitrineFormats

/// Opens any bytes as a tar archive, and reads the disks in it, also those that are made of several members or lie in
/// archives in the archive: an error is fine; a crash is not, nor are answers that contradict one another.
///
/// The last byte, which is 0 where an archive has its end, says how they are opened (`OpenOptions.init`).
func fuzzTar(_ input: [UInt8]) {
    var input = input
    guard let how = input.popLast() else { return }
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    var disks = ArchiveDisks(MemorySource(summed(input)), how, engine)
    disks.check()
    precondition(engine.cache.held <= engine.memory)
}

/// `bytes`, with the checksum of every block put right that ends one as programs do, so that the fuzzer need not guess it: those
/// that hold data are not the worse for it.
private func summed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for start in stride(from: 0, to: bytes.count - bytes.count % 512, by: 512)
    where bytes[start + 154] == 0 && bytes[start + 155] == 0x20 {
        for index in start + 148..<start + 156 { bytes[index] = 0x20 }
        var rest = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
        for index in (start + 148..<start + 154).reversed() {
            bytes[index] = UInt8(0x30 + rest & 7)
            rest >>= 3
        }
        bytes[start + 154] = 0
    }
    return bytes
}
