import CZlib
import TestSupport

@testable import VitrineFormats

/// Makes gzip files with zlib, for tests, and opens them with short spans.
enum GzipFile {
    /// The fields of a member's header that may be left out.
    struct Fields {
        var extra: [UInt8]?
        var name: String?
        var comment: String?
        var hasHeaderCRC = false
    }

    /// A member that holds `content`.
    static func member(
        _ content: [UInt8], level: Int32 = 6, strategy: Int32 = Z_DEFAULT_STRATEGY,
        _ fields: Fields = Fields()
    ) -> [UInt8] {
        header(fields) + RawDeflate.deflate(content, level: level, strategy: strategy) + trailer(content)
    }

    /// A file of `content`, in members of `memberSize` bytes, with an empty one behind each if `hasEmpty`; 0 makes one
    /// member.
    static func encode(
        _ content: [UInt8], memberSize: Int = 0, hasEmpty: Bool = false, level: Int32 = 6,
        strategy: Int32 = Z_DEFAULT_STRATEGY
    ) -> [UInt8] {
        guard memberSize > 0 else { return member(content, level: level, strategy: strategy) }
        var file: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: memberSize) {
            let part = Array(content[start..<min(content.count, start + memberSize)])
            file += member(part, level: level, strategy: strategy)
            if hasEmpty { file += member([]) }
        }
        return file
    }

    static func header(_ fields: Fields = Fields()) -> [UInt8] {
        var flags: UInt8 = 0
        var rest: [UInt8] = []
        if let extra = fields.extra {
            flags |= 4
            rest.append(little: UInt16(extra.count))
            rest += extra
        }
        if let name = fields.name {
            flags |= 8
            rest += Array(name.utf8) + [0]
        }
        if let comment = fields.comment {
            flags |= 16
            rest += Array(comment.utf8) + [0]
        }
        if fields.hasHeaderCRC { flags |= 2 }
        var header: [UInt8] = [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3] + rest
        if fields.hasHeaderCRC { header.append(little: UInt16(truncatingIfNeeded: CRC32.of(header))) }
        return header
    }

    static func trailer(_ content: [UInt8]) -> [UInt8] {
        var trailer: [UInt8] = []
        trailer.append(little: CRC32.of(content))
        trailer.append(little: UInt32(truncatingIfNeeded: content.count))
        return trailer
    }

    /// 0.2 ms by the model: one to two chunks of 64 KiB, unless they are all zeroes.
    static let spanCost: UInt64 = 200_000

    /// Opens the file in `base`, with short spans. Nil if `policy` does not allow to decode what that takes.
    static func tryOpening(
        _ base: any Source, _ index: (any SeekIndex)? = nil, _ engine: Engine = engine(),
        recovers: Bool = false, spanCost: UInt64 = spanCost, policy: FirstPass.Policy = FirstPass.Policy()
    ) throws(ImageError) -> FirstPass.Opened? {
        try FirstPass.open(
            GzipScheme(base, recovers: recovers, spanCost: spanCost), engine, index, policy)
    }

    /// Opens `file`, with short spans.
    static func open(
        _ file: [UInt8], _ index: (any SeekIndex)? = nil, _ engine: Engine = engine(), recovers: Bool = false,
        spanCost: UInt64 = spanCost
    ) throws -> FirstPass.Opened {
        let opened = try tryOpening(
            MemorySource(file), index, engine, recovers: recovers, spanCost: spanCost)
        guard let opened else { throw TestFailure("a pass that is allowed was not made") }
        return opened
    }

    /// All spans of `file`.
    static func entries(
        of file: [UInt8], recovers: Bool = false, spanCost: UInt64 = spanCost
    ) throws -> [FakeIndex.Entry] {
        let index = FakeIndex()
        _ = try open(file, index, recovers: recovers, spanCost: spanCost)
        return index.entries
    }

    /// An engine with the least memory.
    static func engine(threads: Int = 2) -> Engine { Engine(memory: Engine.minimumMemory, threads: threads) }

    /// `count` bytes of noise, which no encoder makes smaller.
    static func noise(_ count: Int, seed: UInt64 = 31) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { bytes.append(little: random.next()) }
        return Array(bytes[..<count])
    }
}
