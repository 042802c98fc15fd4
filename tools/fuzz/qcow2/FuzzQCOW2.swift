import VitrineFormats

/// Opens any bytes as a qcow2 image, or qcow where they say version 1, describes it, and reads its disk and its
/// snapshots: an error is fine; a crash is not, nor are answers that contradict one another.
///
/// The first byte says how many times 64 KiB of zeroes follow the others, 15 at most, so that tables of large
/// clusters fit in short inputs. The magic need not be guessed.
func fuzzQCOW2(_ input: [UInt8]) {
    guard let padding = input.first, input.count >= 48 else { return }
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
        let references = InputImageReferences(images, engine)
        guard let image = try? Image("fuzz", images.file, options, references: references) else { continue }
        precondition(snapshot != nil || description?.size == image.size, "two sizes of one disk")
        DiskWalk(image.disk).check()
    }
    precondition(engine.cache.held <= engine.memory)
}
