import VitrineFormats

/// Opens an appliance of which any bytes are the descriptor, and reads the disks that it lists: an error is fine; a crash
/// is not, nor is text that could play with a terminal.
func fuzzOVF(_ descriptor: [UInt8]) {
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    var disks = ArchiveDisks(MemorySource(Appliance.archive(descriptor)), 0, engine)
    disks.check()
    for layer in disks.description?.layers ?? [] { checkTexts(layer.properties) }
    precondition(engine.cache.held <= engine.memory)
}

private func checkTexts(_ properties: [Layer.Property]) {
    for property in properties {
        switch property.value {
        case .text(let text): precondition(printable(text) == text, "text that is not fit to be shown")
        case .records(let records, _): records.forEach(checkTexts)
        default: break
        }
    }
}
