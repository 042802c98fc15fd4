import VitrineFormats

/// The blocks of one .xz file in memory, to be decoded again and again.
///
/// @safe: the buffer is written by one decoder at a time, through spans of its size.
@safe struct DecoderBench {
    private let source: MemorySource
    /// What is decoded goes here, and nowhere from here.
    private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 20)
    private let blocks: [(header: XZBlockHeader, count: UInt64)]

    /// Decodes up to `limit` bytes of each block of the .xz file that `data` is.
    init(_ data: [UInt8], limit: UInt64) throws {
        let source = MemorySource(data)
        let container = try XZContainer(of: source)
        blocks = try container.blocks.indices.map { number in
            let size = container.end(of: number) - container.blocks[number].start
            let header = try XZBlockHeader(of: source, container.blocks[number], uncompressedSize: size)
            return (header, min(limit, size))
        }
        self.source = source
    }

    /// Decodes with Vitrine's decoder; with a checkpoint every 4 MiB of compressed data where `recording`.
    func decode(recording: Bool) throws -> UInt64 {
        var total: UInt64 = 0
        for (header, count) in blocks {
            let decoder = try LZMA2Decoder(
                source, header.data, dictionary: header.dictionary ?? 0, size: .max >> 1,
                memoryLimit: .max)
            var done: UInt64 = 0
            var checkpoint = header.data.lowerBound
            while done < count {
                if recording, decoder.inputOffset - checkpoint >= 4 << 20 {
                    checkpoint = decoder.inputOffset
                    _ = decoder.endCheckpoint()
                    _ = try decoder.beginCheckpoint()
                }
                guard try decoder.decodeChunk() else { break }
                // As the real thing does: copied out in pieces, unless they are zeroes.
                while decoder.available > 0 {
                    let zeroes = decoder.skipZeroes(SeekSpan.pieceSize)
                    done += UInt64(zeroes)
                    guard zeroes == 0 else { continue }
                    var output = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
                    decoder.take(SeekSpan.pieceSize, into: &output)
                    done += UInt64(unsafe output.finalize(for: buffer))
                }
            }
            total += done
        }
        return total
    }

    /// Decodes with liblzma's decoder of LZMA2 alone: neither computes a check.
    func decodeWithLiblzma() throws -> UInt64 {
        var total: UInt64 = 0
        for (header, count) in blocks {
            let decoder = try LZMADecoder(header.filters, outputSize: .max >> 1, memoryLimit: .max)
            var done: UInt64 = 0
            var place = header.data.lowerBound
            var input: [UInt8] = []
            var consumed = 0
            while done < count {
                if consumed == input.count {
                    let size = Int(min(1 << 20, header.data.upperBound - place))
                    guard size > 0 else { break }
                    input = try source.bytes(at: place, count: size)
                    place += UInt64(size)
                    consumed = 0
                }
                var output = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
                _ = try decoder.decode(input, &consumed, into: &output)
                done += UInt64(unsafe output.finalize(for: buffer))
            }
            total += done
        }
        return total
    }
}
