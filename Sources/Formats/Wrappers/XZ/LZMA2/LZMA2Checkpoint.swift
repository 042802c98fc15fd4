/// The state of an LZMA2 decoder between two chunks, without the bytes of its window.
package struct LZMA2Checkpoint: Equatable, Sendable {
    var lzma: LZMAState
    /// True if the next LZMA chunk must bring properties.
    var needsProperties: Bool
    /// The number of bytes that matches may refer to. 0 if the next chunk resets the dictionary.
    var history: UInt64
    /// The low four bits of the position since the dictionary was reset.
    var position: UInt8
    /// The probabilities of the model, laid out as in `LZMAModel`. Empty if the next chunk resets them.
    var probabilities: [UInt16]

    private static let fixedSize = 28

    /// The form stored in seek indexes (docs/seek-index.md, "State").
    package var bytes: [UInt8] {
        var bytes: [UInt8] = [needsProperties ? 1 : 0, lzma.properties, UInt8(lzma.state), position]
        for rep in [lzma.rep0, lzma.rep1, lzma.rep2, lzma.rep3] { bytes.append(little: rep) }
        bytes.append(little: history)
        for probability in probabilities { bytes.append(little: probability) }
        return bytes
    }

    init(
        lzma: LZMAState, needsProperties: Bool, history: UInt64, position: UInt8,
        probabilities: [UInt16]
    ) {
        self.lzma = lzma
        self.needsProperties = needsProperties
        self.history = history
        self.position = position
        self.probabilities = probabilities
    }

    /// Reads a checkpoint from `bytes`.
    ///
    /// Throws `corrupt` if a value is not possible. So decoding from any result is as safe as decoding any stream. Only
    /// the hash of the decoded bytes can tell if they are right.
    package init(_ bytes: [UInt8]) throws(ImageError) {
        let fields = Fields(bytes, at: 0)
        let flags = try fields.little("flags of a checkpoint", at: 0, as: UInt8.self)
        let properties = try fields.little("properties of a checkpoint", at: 1, as: UInt8.self)
        let state = try fields.little("state of a checkpoint", at: 2, as: UInt8.self)
        position = try fields.little("position of a checkpoint", at: 3)
        guard flags <= 1, state < 12, position < 16, var lzma = LZMAState(properties: properties) else {
            throw ImageError(
                .corrupt,
                "flags, properties, state and position of a checkpoint are \(hex(bytes[0..<4])), which cannot be"
            )
        }
        lzma.state = Int(state)
        lzma.rep0 = try fields.little("rep0 of a checkpoint", at: 4)
        lzma.rep1 = try fields.little("rep1 of a checkpoint", at: 8)
        lzma.rep2 = try fields.little("rep2 of a checkpoint", at: 12)
        lzma.rep3 = try fields.little("rep3 of a checkpoint", at: 16)
        self.lzma = lzma
        needsProperties = flags == 1
        history = try fields.little("history of a checkpoint", at: 20)
        let count = (bytes.count - Self.fixedSize) / 2
        guard bytes.count % 2 == 0, count == 0 || count == LZMAModel.count(literalBits: lzma.literalBits)
        else {
            throw ImageError(
                .corrupt, "a checkpoint of \(bytes.count) bytes does not hold the model it names")
        }
        var probabilities: [UInt16] = []
        probabilities.reserveCapacity(count)
        for index in 0..<count {
            let low = UInt16(bytes[Self.fixedSize + 2 * index])
            let probability = low | UInt16(bytes[Self.fixedSize + 2 * index + 1]) << 8
            guard LZMAModel.possible.contains(probability) else {
                throw ImageError(.corrupt, "probability \(index) of a checkpoint is \(probability)")
            }
            probabilities.append(probability)
        }
        self.probabilities = probabilities
    }
}
