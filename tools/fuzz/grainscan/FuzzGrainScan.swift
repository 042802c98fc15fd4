import VitrineFormats

/// Opens a stream that is cut short with an index that says anything of it: no answer may be other than without one, but that
/// less may be there.
///
/// The first byte chooses the stream, and the others are what the index's detail holds, to be packed into it. Where that byte
/// is 128 or more, the next two say how many change the detail that is right, and the rest is the stream: of such a one no matter
/// what, but it must not crash.
func fuzzGrainScan(_ input: [UInt8]) {
    guard let choice = input.first else { return }
    if choice < 0x80 {
        let stream = CutStream(tables: Int(choice & 3), missing: Int(choice >> 2))
        check(stream, detail: Array(input.dropFirst()))
    } else if input.count > 3 {
        let rest = input.dropFirst(3)
        let changes = rest.prefix(Int(input[1]) | Int(input[2]) << 8)
        check(Array(rest.dropFirst(changes.count)), changes: Array(changes), how: choice)
    }
}

/// Opens the disk in `stream`, with `indexes` if there are any.
private func open(_ stream: [UInt8], _ indexes: InputIndexes?, how: UInt8) -> (any Source)? {
    let engine = Engine(memory: Engine.minimumMemory, threads: 1)
    var options = OpenOptions(formats: [Format.vmdk.name], how, engine: engine)
    options.indexes = indexes
    return try? Image("fuzz.vmdk", MemorySource(stream), options).disk
}

/// Reads what `stream` gives with the detail that is right, changed where `changes` has other bits than 0.
private func check(_ stream: [UInt8], changes: [UInt8], how: UInt8) {
    let right = InputIndexes(nil)
    _ = open(stream, right, how: how)
    let found = right.found
    let detail = (0..<max(found.count, changes.count)).map { index in
        (index < found.count ? found[index] : 0) ^ (index < changes.count ? changes[index] : 0)
    }
    guard let disk = open(stream, InputIndexes(detail), how: how) else { return }
    DiskWalk(disk).check()
}

/// Compares what `stream` gives with `detail`, and without.
private func check(_ stream: CutStream, detail: [UInt8]) {
    guard let right = open(stream.bytes, nil, how: 0x10) else { return }
    guard let disk = open(stream.bytes, InputIndexes(detail), how: 0x10) else {
        preconditionFailure("an index that keeps a stream from being opened")
    }
    for grain in 0..<CutStream.grains {
        let offset = UInt64(grain * CutStream.grainSize)
        guard let found = try? disk.bytes(at: offset, count: CutStream.grainSize) else { continue }
        let expected = try? right.bytes(at: offset, count: CutStream.grainSize)
        precondition(found == expected, "other bytes than without the index")
    }
    DiskWalk(disk).check()
}
