import CDeflate

/// A decoder of a gzip file, member after member, or of a part of it (RFC 1952).
///
/// @safe: the library gets the bytes of a span for one call.
@safe final class GzipDecoder: SeekDecoder {
    private enum Phase {
        /// Before the header of the first member.
        case start
        case member
        case end
    }

    private let source: any Source
    private let inflater: Inflater
    private var phase = Phase.start
    /// The check of the member so far. Nil if it is not computed, as the pieces' hashes tell as much.
    private var crc: UInt32?
    /// The number of bytes of the member so far.
    private var count: UInt64 = 0

    private(set) var decoded: UInt64 = 0

    private(set) var warnings: [String] = []
    /// The number of members whose check is wrong.
    private var failures = 0
    /// True to go on after a wrong check, and to take other damage for the end of the data.
    private let recovers: Bool

    /// The number of bytes that are decoded at once.
    private static let chunk = 64 << 10
    /// The most wrong checks that are told of.
    private static let maximumWarnings = 4

    /// The memory in bytes that it takes.
    static var memory: Int { Inflater.memory }

    /// Creates a decoder of the file `source` that starts at `start`, or at the file's start if that is nil. It verifies the
    /// checks of members if `verifies`. If it `recovers`, damage is no error, but told in `warnings`.
    ///
    /// Throws `corrupt` if `start` is impossible.
    init(
        _ source: any Source, from start: SpanStart?, verifies: Bool, recovers: Bool
    ) throws(ImageError) {
        self.source = source
        self.recovers = recovers
        inflater = try Inflater(source, 0..<source.size)
        crc = verifies ? 0 : nil
        guard let start else { return }
        let state = try GzipState(start.state)
        guard state.bit / 8 == start.span.input else {
            throw ImageError(
                .corrupt, "the state of the span from \(start.span.input) is of one from \(state.bit / 8)")
        }
        try inflater.restore(
            blockHeader: state.blockHeader, bit: state.bit, history: Int(state.history), start.window)
        if verifies, state.failures > 0 {
            let failures = Self.failures(Int(state.failures), before: start.span.input)
            guard recovers else { throw ImageError(.corrupt, failures) }
            warnings.append(failures)
        }
        failures = Int(state.failures)
        if verifies { crc = state.crc }
        count = state.count
        phase = .member
    }

    private static func failures(_ count: Int, before offset: UInt64) -> String {
        count == 1
            ? "the check of a member before \(offset) is wrong"
            : "the checks of \(count) members before \(offset) are wrong"
    }

    var memory: Int { Self.memory }

    var inputOffset: UInt64 { inflater.inputOffset }

    var available: Int { inflater.available }

    func skipZeroes(_ limit: Int) -> Int { inflater.skipZeroes(limit) }

    func take(_ limit: Int, into output: inout OutputSpan<UInt8>) { inflater.take(limit, into: &output) }

    // MARK: Members

    func decodeChunk() throws(ImageError) -> Bool {
        // A chunk may end in the middle of a match, and have a few bytes more.
        do throws(ImageError) {
            while inflater.available < Self.chunk, try decodeSome() {}
        } catch {
            guard recovers, error.code == .corrupt || error.code == .unsupported else { throw error }
            warnings.append("\(error). The disk ends there, which may be too early")
            phase = .end
        }
        return inflater.available > 0
    }

    /// Decodes a part of a chunk. Returns false at the end of the data.
    private func decodeSome() throws(ImageError) -> Bool {
        switch phase {
        case .start:
            var fault = GzipHeader.Fault.content
            try beginMember(&fault)
        case .member:
            try decodeMember()
        case .end:
            return false
        }
        return true
    }

    private func beginMember(_ fault: inout GzipHeader.Fault) throws(ImageError) {
        _ = try GzipHeader(at: inflater.inputOffset, &fault) { () throws(ImageError) in
            try inflater.nextByte()
        }
        inflater.beginStream()
        if crc != nil { crc = 0 }
        count = 0
        phase = .member
    }

    private func decodeMember() throws(ImageError) {
        let before = inflater.available
        let isEnd: Bool
        do throws(ImageError) {
            isEnd = try inflater.decode(upTo: Self.chunk - before)
        } catch {
            // What was decoded until then is good.
            note(inflater.available - before)
            throw error
        }
        note(inflater.available - before)
        if isEnd { try endMember() }
    }

    /// Takes the last `new` bytes decoded into the check of the member.
    private func note(_ new: Int) {
        decoded += UInt64(new)
        count &+= UInt64(new)
        guard let crc else { return }
        self.crc = inflater.withLatest(new) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe libdeflate_crc32(crc, $0.baseAddress, $0.count) }
        }
    }

    /// Reads the trailer of a member, and what follows it.
    private func endMember() throws(ImageError) {
        let place = inflater.inputOffset
        let check = try field("CRC-32", place)
        let size = try field("size", place)
        if let crc, check != crc {
            try fail("CRC-32 of a member at \(place) is \(hex(check)), the data gives \(hex(crc))")
        }
        let expected = UInt32(truncatingIfNeeded: count)
        if size != expected {
            try fail("size of a member, modulo 2^32, at \(place + 4) is \(size), the data gives \(expected)")
        }
        try goOn()
    }

    private func fail(_ reason: String) throws(ImageError) {
        let error = ImageError(.corrupt, reason)
        guard recovers else { throw error }
        failures += 1
        if failures <= Self.maximumWarnings { warnings.append("\(error)") }
    }

    /// A field of four bytes in the trailer of a member, which starts at `place`.
    private func field(_ name: String, _ place: UInt64) throws(ImageError) -> UInt32 {
        var value: UInt32 = 0
        for shift: UInt32 in [0, 8, 16, 24] {
            guard let byte = try inflater.nextByte() else {
                throw ImageError(
                    .corrupt,
                    "the file ends at \(source.size), in the \(name) of a member whose trailer is at \(place)"
                )
            }
            value |= UInt32(byte) << shift
        }
        return value
    }

    /// Begins the next member, if there is one. Other bytes end the data, as they do for gzip.
    private func goOn() throws(ImageError) {
        let place = inflater.inputOffset
        guard inflater.inputLeft > 0 else {
            phase = .end
            return
        }
        var fault = GzipHeader.Fault.content
        do throws(ImageError) {
            try beginMember(&fault)
        } catch {
            // A header with something wrong in it is damage: the disk would be shorter than it was, and nobody told.
            guard error.code == .corrupt, fault != .content else { throw error }
            phase = .end
            let trailer = try GzipTrailer(source, at: place, isCutHeader: fault == .cut)
            if let trailer { warnings.append(trailer.warning) }
        }
    }

    // MARK: Checkpoints

    func beginCheckpoint() throws(ImageError) -> [UInt8]? {
        guard case .member = phase else { return nil }
        try inflater.beginCheckpoint()
        return GzipState(
            blockHeader: inflater.blockHeader, bit: inflater.bit, history: inflater.history,
            crc: crc ?? 0, count: count, failures: failures
        ).bytes
    }

    var recordedBytes: Int { inflater.recordedBytes }

    func endCheckpoint() -> SparseWindow { inflater.endCheckpoint() }

    /// Does nothing: the check is computed member by member, as their data is decoded.
    func check(_ piece: Piece) {}

    func finish() throws(ImageError) {
        guard try !decodeChunk() else {
            throw ImageError(.corrupt, "the data goes on after the size that the seek index gives")
        }
    }
}
