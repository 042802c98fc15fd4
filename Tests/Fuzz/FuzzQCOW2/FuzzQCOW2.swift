import FuzzSupport
import VitrineFormats

/// Opens any bytes as a qcow2 image, or qcow where they say version 1, describes it, and reads its disk and its
/// snapshots: an error is fine; a crash is not, nor are answers that contradict one another.
///
/// The first byte says how many times 64 KiB of zeroes follow the others, 15 at most, so that tables of large
/// clusters fit in short inputs. The magic need not be guessed.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzQCOW2(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The fuzzer owns these bytes for the time of this call, and says how many they are.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    guard let padding = input.first, input.count >= 48 else { return 0 }
    var bytes = input.dropFirst() + [UInt8](repeating: 0, count: Int(padding & 15) << 16)
    bytes.replaceSubrange(bytes.startIndex..<bytes.startIndex + 4, with: InputImages.magic)

    let images = InputImages(Array(bytes))
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    let options = OpenOptions(formats: [images.format], engine: engine)
    let description = try? ImageDescription("fuzz", images.file, options)
    // "1" and "2" are the IDs that qemu gives.
    for snapshot in [nil, "1", "2"] {
        var options = options
        options.formatOptions.snapshot = snapshot
        let references = InputReferences(images, engine)
        guard let image = try? Image("fuzz", images.file, options, references: references) else { continue }
        precondition(snapshot != nil || description?.size == image.size, "two sizes of one disk")
        DiskWalk(image.disk).check()
    }
    precondition(engine.cache.held <= engine.memory)
    return 0
}
