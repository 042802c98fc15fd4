/// The blocks of an .xz file whose end is missing or damaged, found from its front (.xz file format, sections 2 to 4).
///
/// If a block's header does not give its sizes, the scan follows the headers of its LZMA2 chunks. Nothing is decoded.
struct XZFrontScan {
    /// The largest number of steps if only the text of an error depends on the scan. A step is a block or a chunk.
    static let cursory = 4096

    private(set) var blocks: [XZContainer.Block] = []

    /// The checks of the streams, in order.
    private var checks: [XZCheck] = []
    /// The number of bytes that the blocks decode to.
    private var size: UInt64 = 0
    /// The offset of the next part of the file, in bytes.
    private var position: UInt64 = 0
    /// The number of steps left.
    private var steps: Int

    private let file: any Source

    /// Scans `file` from its start, for at most `limit` steps.
    ///
    /// Throws if not even its header can be read.
    init(_ file: any Source, limit: Int) throws(ImageError) {
        self.file = file
        steps = limit
        repeat {
            let flags = try XZStreamFlags(headerOf: file, at: position)
            guard checks.count < XZContainer.maximumStreams else { return }
            checks.append(flags.check)
            position += UInt64(XZStreamFlags.size)
            while takeBlock(flags.check) {}
        } while passStreamEnd() && isStream(at: position)
    }

    /// The structure of the part of the file that was found.
    var container: XZContainer { XZContainer(blocks: blocks, checks: checks, size: size) }

    /// A text about what was found.
    var summary: String {
        let cut = blocks.last.flatMap { $0.isCut ? size - $0.start : nil }
        let whole = blocks.count - (cut == nil ? 0 : 1)
        let parts = [
            whole > 0 ? "\(whole) whole block\(whole == 1 ? "" : "s")" : nil,
            cut.map { "\(byteCount($0)) of \(whole > 0 ? "another" : "a block")" },
        ]
        let isPartial = steps <= 0 ? " at least" : ""
        return
            "The start of the file has \(parts.compactMap(\.self).joined(separator: " and ")), with\(isPartial) "
            + "\(byteCount(size)) of the data"
    }

    // MARK: Blocks

    /// The sizes in a block's header.
    private struct Header {
        /// The length of the header, in bytes.
        var size: UInt64
        var hasFilters: Bool
        var compressed: UInt64?
        var uncompressed: UInt64?
    }

    /// Takes the block at `position`. Returns false if there is none, or if the block is truncated.
    private mutating func takeBlock(_ check: XZCheck) -> Bool {
        guard steps > 0, blocks.count < XZContainer.maximumBlocks, let header = header(at: position) else {
            return false
        }
        steps -= 1
        if let compressed = header.compressed, let uncompressed = header.uncompressed,
            let end = end(header, compressed, check)
        {
            return add(header, compressed, uncompressed, check, end: end)
        }
        let found = chunks(header)
        if found.isWhole, header.compressed ?? found.compressed == found.compressed,
            header.uncompressed ?? found.uncompressed == found.uncompressed,
            let end = end(header, found.compressed, check), isBlockOrIndex(at: end)
        {
            return add(header, found.compressed, found.uncompressed, check, end: end)
        }
        // Filters hold back up to 16 bytes until they see the end of the data. Those are missing as well.
        let there = header.hasFilters ? found.uncompressed - min(16, found.uncompressed) : found.uncompressed
        guard there > 0 else { return false }
        _ = add(header, found.compressed, there, check, end: nil)
        return false
    }

    private mutating func add(
        _ header: Header, _ compressed: UInt64, _ uncompressed: UInt64, _ check: XZCheck, end: UInt64?
    ) -> Bool {
        guard uncompressed <= UInt64(Int64.max) - size else { return false }
        blocks.append(
            XZContainer.Block(
                offset: position, unpaddedSize: header.size + compressed + UInt64(check.size), start: size,
                check: check, isCut: end == nil))
        size += uncompressed
        if let end { position = end }
        return true
    }

    /// The end of the block that starts at `position`. Nil if it is past the end of the file.
    private func end(_ header: Header, _ compressed: UInt64, _ check: XZCheck) -> UInt64? {
        let left = file.size - position
        guard compressed > 0, compressed <= left else { return nil }
        let size = ((header.size + compressed + 3) & ~3) + UInt64(check.size)
        return size <= left ? position + size : nil
    }

    /// The header of the block at `offset`. Nil if there is none.
    private func header(at offset: UInt64) -> Header? {
        guard let first = try? file.bytes(at: offset, count: 1)[0], first != 0 else { return nil }
        let size = (Int(first) + 1) * 4
        guard let fields = try? Fields("block header", of: file, at: offset, count: size),
            (try? fields.requireCRC32("block header CRC32", at: size - 4, of: 0..<size - 4)) != nil
        else { return nil }
        let flags = fields.bytes[1]
        var header = Header(size: UInt64(size), hasFilters: flags & 3 != 0)
        var reader = ByteReader(fields.bytes[2..<size - 4], at: offset + 2)
        do throws(ImageError) {
            if flags & 0x40 != 0 { header.compressed = try reader.variableLengthInteger("compressed size") }
            if flags & 0x80 != 0 {
                header.uncompressed = try reader.variableLengthInteger("uncompressed size")
            }
        } catch {
            return nil
        }
        return header
    }

    private func isBlockOrIndex(at offset: UInt64) -> Bool {
        (try? file.bytes(at: offset, count: 1))?.first == 0 || header(at: offset) != nil
    }

    // MARK: Chunks

    /// Measures the chunks of the block at `position`. `isWhole` is true if the end of the data follows them.
    private mutating func chunks(
        _ header: Header
    ) -> (compressed: UInt64, uncompressed: UInt64, isWhole: Bool) {
        let start = position + header.size
        var (offset, held): (UInt64, UInt64) = (start, 0)
        while steps > 0, offset < file.size {
            steps -= 1
            let count = Int(min(6, file.size - offset))
            guard let bytes = try? file.bytes(at: offset, count: count) else { break }
            if bytes[0] == 0 { return (offset + 1 - start, held, true) }
            guard let chunk = Self.chunk(bytes), chunk.length <= file.size - offset else { break }
            offset += chunk.length
            held += chunk.held
        }
        return (offset - start, held, false)
    }

    /// The length of the chunk that starts with `bytes`, and the number of bytes it decodes to. Nil if there is no
    /// chunk.
    private static func chunk(_ bytes: [UInt8]) -> (length: UInt64, held: UInt64)? {
        func number(_ index: Int) -> UInt64 { UInt64(bytes[index]) << 8 | UInt64(bytes[index + 1]) }
        let control = bytes[0]
        if control == 1 || control == 2, bytes.count >= 3 { return (number(1) + 4, number(1) + 1) }
        guard control >= 0x80, bytes.count >= 5 else { return nil }
        return (
            number(3) + 1 + (control >= 0xC0 ? 6 : 5), (UInt64(control & 0x1F) << 16 | number(1)) + 1
        )
    }

    // MARK: Streams

    /// Moves on behind the index and the footer at `position`, and behind padding. Returns false if they are missing.
    private mutating func passStreamEnd() -> Bool {
        guard blocks.last?.isCut != true, (try? file.bytes(at: position, count: 1))?.first == 0,
            let end = indexEnd(), let footer = try? XZStreamFooter(of: file, at: end),
            footer.backwardSize == end - position
        else { return false }
        position = end + UInt64(XZStreamFlags.size)
        let limit = position + min(XZContainer.maximumPadding, file.size - position)
        while position < limit {
            guard let bytes = try? file.bytes(at: position, count: Int(min(64 << 10, limit - position)))
            else { return false }
            if let first = bytes.firstIndex(where: { $0 != 0 }) {
                position += UInt64(first / 4 * 4)
                return true
            }
            position += UInt64(bytes.count)
        }
        return false
    }

    /// The end of the index at `position`. Nil if the index is incomplete.
    private func indexEnd() -> UInt64? {
        var reader = ByteReader(file, position..<file.size)
        do throws(ImageError) {
            _ = try reader.next("index indicator")
            let count = try reader.variableLengthInteger("number of records")
            guard count <= UInt64(XZContainer.maximumBlocks) else { return nil }
            for _ in 0..<count {
                _ = try reader.variableLengthInteger("unpadded size")
                _ = try reader.variableLengthInteger("uncompressed size")
            }
        } catch {
            return nil
        }
        return ((reader.position - position + 3) & ~3) + position + 4
    }

    private func isStream(at offset: UInt64) -> Bool {
        (try? XZStreamFlags(headerOf: file, at: offset)) != nil
    }
}
