import VitrineFormats

/// Opens any bytes as a VMDK image, describes it, and reads its disk: an error is fine; a crash is not, nor are answers
/// that contradict one another.
///
/// Of the first byte, the low four bits say how many times 64 KiB of zeroes follow the others, so that tables and large
/// grains fit in short inputs; the next two, how they are opened (`OpenOptions.init`).
func fuzzVMDK(_ input: [UInt8]) {
    guard let how = input.first else { return }
    let images = InputFiles(
        Array(input.dropFirst() + [UInt8](repeating: 0, count: Int(how & 15) << 16)))
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    let options = OpenOptions(formats: ["vmdk"], how, engine: engine)
    let description = try? ImageDescription("fuzz", images.file, options)
    let references = InputFileReferences(images, engine, options)
    guard let image = try? Image("fuzz", images.file, options, references: references) else { return }
    precondition(description?.size == image.size, "two sizes of one disk")
    DiskWalk(image.disk).check()
    precondition(engine.cache.held <= engine.memory)
}
