import Synchronization
import TestSupport
import Testing

@testable import VitrineFormats

/// Layers that are decoded through other layers, with less memory than all readers would take.
@Suite struct StackedLayersTests {
    /// The formats that a disk is wrapped in.
    enum Wrapper: CaseIterable {
        case xz
        case xzBlocks
        case tar

        func wrap(_ content: [UInt8]) -> [UInt8] {
            switch self {
            case .xz: return XZFile.encode(content)
            case .xzBlocks: return XZFile.encode(content, blockSize: 700_000)
            case .tar:
                var tar = TarFile()
                tar.add("disk.raw", content)
                tar.end()
                return tar.bytes
            }
        }
    }

    struct Stack: Sendable, CustomStringConvertible {
        var inner: Wrapper
        var outer: Wrapper
        var memory: Int

        var description: String { "\(inner) in \(outer), \(memory >> 20) MiB" }
    }

    /// Dictionaries are 8 MiB, cut to the content. Two decoders and their decoded data do not fit into the least
    /// memory.
    static let content = SeekContent.mixed(2_500_000)

    static let stacks =
        Wrapper.allCases.flatMap { inner in
            Wrapper.allCases.map { Stack(inner: inner, outer: $0, memory: 16 << 20) }
        } + [Stack(inner: .xz, outer: .xz, memory: 64 << 20)]

    /// Opens the source in `file` that `wrapper` has made.
    private func open(_ file: any Source, _ wrapper: Wrapper, _ engine: Engine) throws -> any Source {
        guard wrapper == .tar else {
            return try SeekableSource(xz: file, engine, spanCost: SeekContent.spanCost)
        }
        return try Slice(file, 512..<512 + UInt64(Self.content.count))
    }

    @Test(arguments: stacks)
    func manyReadersOfAStackAllGetTheirBytes(_ stack: Stack) throws {
        let engine = Engine(memory: stack.memory, threads: 3)
        let content = Self.content
        // What is in a tar of an .xz is found by the size of that.
        let inner = stack.inner.wrap(content)
        let base = MemorySource(stack.outer.wrap(inner))
        let outer: any Source =
            stack.outer == .tar
            ? try Slice(base, 512..<512 + UInt64(inner.count))
            : try SeekableSource(xz: base, engine, spanCost: SeekContent.spanCost)
        let source = try open(outer, stack.inner, engine)
        #expect(source.size == content.count)
        let readers = 64
        let wrong = Atomic<Int>(0)
        let left = Monitor(readers)
        for reader in 0..<readers {
            engine.workers.submit(.now) {
                var random = SeededGenerator(seed: UInt64(reader))
                // Half of them read on, the others jump about.
                var offset = content.count / readers * reader
                for _ in 0..<3 {
                    if reader.isMultiple(of: 2) { offset = Int.random(in: 0..<content.count, using: &random) }
                    let count = min(Int.random(in: 1...90_000, using: &random), content.count - offset)
                    let bytes = try? source.bytes(at: UInt64(offset), count: count)
                    let isRight = bytes.map { $0.elementsEqual(content[offset..<offset + count]) } ?? false
                    if !isRight { wrong.add(1, ordering: .relaxed) }
                    offset = (offset + count) % content.count
                }
                left.change { $0 -= 1 }
            }
        }
        left.wait { $0 == 0 ? () : nil }
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(engine.cache.held <= engine.memory)
    }
}
