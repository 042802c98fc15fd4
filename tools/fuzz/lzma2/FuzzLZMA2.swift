import TestSupport
import VitrineFormats

/// Decodes LZMA2 data with Vitrine's decoder and with liblzma: both refuse it, or both give the same. Then it is decoded again
/// from checkpoints.
///
/// The first byte says what the others are, and how large the dictionary is: data as it stands, a program for
/// `LZMA2Program` that makes some, or a checkpoint with its window and data to go on with.
func fuzzLZMA2(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    // 4 KiB to 48 KiB, or 8 MiB.
    let bits: UInt8 = [0, 1, 2, 3, 4, 5, 7, 22][Int(first >> 2 & 7)]
    // The buffer has room for more than 2 MiB: only from there on does the window move. As that takes time, few do.
    let limit: UInt64 = first >> 4 == 15 ? 2_700_000 : 150_000
    let dictionary = Int(LZMA2Data([], dictionaryBits: bits, limit: 0).dictionary)
    let rest = Array(bytes[1...])
    switch first & 3 {
    case 0:
        compare(LZMA2Data(rest, dictionaryBits: bits, limit: limit), seed: rest.first ?? 0)
    case 1:
        runCheckpoint(rest, bits, limit)
    default:
        // Half of them with up to seven bytes of the result changed, each as three bytes of the input say.
        let changes = first & 3 == 2 ? 0 : Int(rest.first ?? 0) & 7
        let header = min(rest.count, first & 3 == 2 ? 0 : 1 + 3 * changes)
        let writer = LZMA2Program.run(
            Array(rest[header...]), dictionary: dictionary, limit: Int(limit) - (66 << 10))
        var data = LZMA2Data(writer.bytes, dictionaryBits: bits, limit: limit)
        for change in 0..<(header > 0 ? (header - 1) / 3 : 0) {
            let place = Int(rest[1 + 3 * change]) << 8 | Int(rest[2 + 3 * change])
            data.bytes[place % data.bytes.count] ^= rest[3 + 3 * change]
        }
        let decoded = compare(data, seed: rest.last ?? 0)
        if header == 0, rest.allSatisfy({ $0 < 0xF8 }) {
            precondition(decoded == writer.output, "what the encoder wrote is not what is decoded")
        }
    }
}

/// Decodes it with both decoders, and with checkpoints at up to eight chunks that `seed` chooses.
@discardableResult private func compare(_ data: LZMA2Data, seed: UInt8) -> [UInt8]? {
    let ours = try? data.decode()
    let theirs = try? data.decodeWithLiblzma()
    precondition(ours == theirs, "the decoders do not agree")
    var random = SeededGenerator(seed: UInt64(seed))
    let most = UInt64(seed >> 4) + 1
    var left = 8
    let mismatch = try? data.mismatchAfterCheckpoints {
        left -= 1
        return left < 0 ? .max : Int(random.next() % most) + 1
    }
    if let mismatch = mismatch ?? nil { fatalError(mismatch) }
    return ours
}

/// A checkpoint that may be anything: what goes on from it is bytes or an error.
private func runCheckpoint(_ bytes: [UInt8], _ bits: UInt8, _ limit: UInt64) {
    guard bytes.count > 32 else { return }
    let kind = bytes[0]
    var state = Array(bytes[1..<29])
    if kind & 3 != 0 { makePlausible(&state, LZMA2Data([], dictionaryBits: bits, limit: 0).dictionary) }
    let literalBits = Int(state[1] % 9) + Int(state[1] / 9 % 5)
    let isFresh = kind & 4 != 0
    if literalBits <= 4, kind & 3 != 1 {
        var random = SeededGenerator(seed: UInt64(kind))
        for _ in 0..<1846 + 0x300 << literalBits {
            state.append(little: isFresh ? 1024 : UInt16(31 + random.next() % 1987))
        }
    }
    let windowSize = isFresh ? (0, 0) : (Int(bytes[29]), Int(bytes[30]) << 4)
    let rest = bytes[31...]
    let window = SparseWindow(
        runs: Array(rest.prefix(windowSize.0)),
        bytes: Array(rest.dropFirst(windowSize.0).prefix(windowSize.1)))
    var data = Array(rest.dropFirst(windowSize.0).dropFirst(windowSize.1))
    guard let checkpoint = try? LZMA2Checkpoint(state) else { return }
    if isFresh { data = continuation(of: state, data, bits, limit) }
    do throws(ImageError) {
        let decoder = try LZMA2Data(data, dictionaryBits: bits, limit: limit)
            .decoder(at: 0, size: limit, from: checkpoint, window)
        while try decoder.beginCheckpoint() != nil, try decoder.decodeChunk() {
            _ = decoder.taken()
            // At times for more than one chunk.
            if kind & 8 != 0, try !decoder.decodeChunk() { break }
            _ = decoder.taken()
            _ = decoder.endCheckpoint()
        }
    } catch {
        precondition(error.code == .corrupt)
    }
}

/// Changes what would be refused at once.
private func makePlausible(_ state: inout [UInt8], _ dictionary: UInt64) {
    state[0] &= 1
    state[1] = LZMAProperties.all[Int(state[1]) % LZMAProperties.all.count].byte
    state[2] %= 12
    state[3] &= 15
    // Distances of up to 64 KiB, or 16 MiB.
    for rep in 0..<4 { state[7 + 4 * rep] = 0 }
    for rep in 0..<4 where state[6 + 4 * rep] & 1 == 0 { state[6 + 4 * rep] = 0 }
    let history = (UInt64(state[20]) | UInt64(state[21]) << 8 | UInt64(state[22]) << 16) % (dictionary + 1)
    state.removeLast(8)
    state.append(little: history)
}

/// Data that goes on from `state`, which has a model that has seen nothing and a window of zeroes.
private func continuation(of state: [UInt8], _ program: [UInt8], _ bits: UInt8, _ limit: UInt64) -> [UInt8] {
    let dictionary = LZMA2Data([], dictionaryBits: bits, limit: 0).dictionary
    var encoder = LZMAEncoder()
    encoder.properties = LZMAProperties(
        lc: Int(state[1] % 9), lp: Int(state[1] / 9 % 5), pb: Int(state[1] / 45))
    encoder.state = Int(state[2])
    for rep in 0..<4 {
        encoder.reps[rep] = state[4 + 4 * rep..<8 + 4 * rep].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    let history = state[20..<28].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // What matters of positions is their lowest bits. More than a dictionary will be refused.
    let zeroes = Int(min(history, dictionary)) & ~15 + Int(state[3])
    encoder.history = [UInt8](repeating: 0, count: zeroes)
    return LZMA2Program.run(
        program, dictionary: Int(dictionary), limit: Int(limit) - (66 << 10), from: encoder
    ).bytes
}
