package import VitrineFormats

/// Writes files as a tar archive, with all that there is to tell of them: numeric owners, extended attributes, hard links, holes,
/// devices.
///
/// What cannot be read is reported, and the rest is written nevertheless.
package final class TarWriter {
    /// A directory that is being walked, and the entries of it that are left.
    private struct Level {
        let directory: any FileNode
        let name: [UInt8]
        var entries: [DirectoryEntry]
    }

    private let put: ([UInt8]) throws -> Void
    private let report: ([UInt8], ImageError) -> Void

    /// The names under which files with several names were written.
    private var names: [UInt64: [UInt8]] = [:]
    /// The directories that were walked: a damaged file system may have one in itself.
    private var walked: Set<UInt64> = []
    private var written: UInt64 = 0

    /// The most directories one in the other. Each takes a descriptor, if the kernel reads.
    private static let maximumDepth = 512
    private static let pieceSize = 1 << 20
    /// GNU tar writes so much at once, and expects the archive to be a multiple of it.
    private static let recordSize = 20 * TarEntry.blockSize
    /// The fewest bytes of holes for which a file is written as sparse: not every program reads these.
    private static let leastHoles: UInt64 = 64 << 10

    /// A writer that gives the archive to `put`, and tells `report` the names of files that cannot be read, and the reasons.
    package init(_ put: @escaping ([UInt8]) throws -> Void, report: @escaping ([UInt8], ImageError) -> Void) {
        self.put = put
        self.report = report
    }

    /// Writes `file` as `name`, and if it is a directory, all below it. Throws the errors of `put`.
    package func add(_ file: any FileNode, as name: [UInt8]) throws {
        var levels: [Level] = []
        if let level = try write(file, name) { levels.append(level) }
        while let index = levels.indices.last {
            guard let entry = levels[index].entries.popLast() else {
                levels.removeLast()
                continue
            }
            let name = levels[index].name + entry.name.bytes
            do throws(ImageError) {
                let file = try levels[index].directory.file(of: entry)
                guard file.attributes.kind != .directory || levels.count < Self.maximumDepth else {
                    throw ImageError(.limit, "is inside of \(levels.count) directories")
                }
                if let level = try written({ try self.write(file, name) }) { levels.append(level) }
            } catch {
                report(name, error)
            }
            if let failure { throw failure }
            // Each of the others would be reported with the same words.
            if levels.first?.directory.isLost == true { return }
        }
    }

    /// The error of `put`, which ends everything.
    private var failure: (any Error)?

    /// Runs `body`, and keeps an error of `put` apart from those of files.
    private func written<Result>(_ body: () throws -> Result?) throws(ImageError) -> Result? {
        do {
            return try body()
        } catch let error as ImageError {
            throw error
        } catch {
            failure = error
            return nil
        }
    }

    /// Ends the archive. Throws the errors of `put`.
    package func finish() throws {
        let rest = Int(written % UInt64(Self.recordSize))
        let end = 2 * TarEntry.blockSize
        let room = Self.recordSize - rest
        try write([UInt8](repeating: 0, count: room >= end ? room : room + Self.recordSize))
    }

    private func write(_ bytes: [UInt8]) throws {
        try put(bytes)
        written += UInt64(bytes.count)
    }

    /// Writes one file. Returns what is to be walked, if it is a directory.
    private func write(_ file: any FileNode, _ name: [UInt8]) throws -> Level? {
        let attributes = file.attributes
        if attributes.kind != .directory, attributes.links > 1 {
            if let first = names[attributes.number] {
                var entry = TarEntry(.hardLink, name, attributes)
                entry.target = first
                try write(entry.headers)
                return nil
            }
        }
        switch attributes.kind {
        case .directory:
            let isNew = walked.insert(attributes.number).inserted
            guard isNew else {
                throw ImageError(.corrupt, "is a directory that has another name: the file system is damaged")
            }
            let path = name.last == UInt8(ascii: "/") ? name : name + [UInt8(ascii: "/")]
            // What is in it is written even if it cannot be listed: then, nothing.
            var entries: [DirectoryEntry] = []
            do throws(ImageError) { entries = try file.entries() } catch { report(path, error) }
            try write(member(.directory, path, file).headers)
            // Inodes that were made one after the other lie side by side, as does their data mostly. The last comes first.
            entries.sort { ($0.number, $1.name.bytes.count) > ($1.number, $0.name.bytes.count) }
            return Level(directory: file, name: path, entries: entries)
        case .regular:
            try writeContent(of: file, name)
        case .link:
            var entry = member(.symbolicLink, name, file)
            entry.target = try file.target().bytes
            try write(entry.headers)
        case .characterDevice: try write(member(.characterDevice, name, file).headers)
        case .blockDevice: try write(member(.blockDevice, name, file).headers)
        case .pipe: try write(member(.pipe, name, file).headers)
        case .socket: throw ImageError(.unsupported, "is a socket, which tar archives do not have")
        }
        if attributes.links > 1 { names[attributes.number] = name }
        return nil
    }

    private func member(_ kind: TarEntry.Kind, _ name: [UInt8], _ file: any FileNode) -> TarEntry {
        var entry = TarEntry(kind, name, file.attributes)
        do throws(ImageError) { entry.extendedAttributes = try file.extendedAttributes() } catch {
            report(name, error)
        }
        return entry
    }

    private func writeContent(of file: any FileNode, _ name: [UInt8]) throws {
        let content = try file.content()
        var entry = member(.regular, name, file)
        let ranges = try dataRanges(of: content)
        let data = ranges.reduce(0) { $0 + UInt64($1.count) }
        guard content.size - data >= Self.leastHoles else {
            entry.size = content.size
            try write(entry.headers)
            try write([0..<content.size], of: content, name)
            return
        }
        // A file that ends with a hole has an empty piece there, as GNU tar writes it.
        let pieces = ranges.last?.upperBound == content.size ? ranges : ranges + [content.size..<content.size]
        let numbers = [UInt64(pieces.count)] + pieces.flatMap { [$0.lowerBound, UInt64($0.count)] }
        var map = numbers.flatMap { Array("\($0)\n".utf8) }
        map += [UInt8](repeating: 0, count: TarEntry.padding(UInt64(map.count)))
        entry.sparseSize = content.size
        entry.size = UInt64(map.count) + data
        try write(entry.headers)
        try write(map)
        try write(ranges, of: content, name)
    }

    /// Writes `ranges` of `content`, and fills the last block. Where it cannot be read, zeroes are written: the headers have told
    /// how much comes.
    private func write(_ ranges: [Range<UInt64>], of content: any Source, _ name: [UInt8]) throws {
        var isReported = false
        var count: UInt64 = 0
        for range in ranges {
            var position = range.lowerBound
            while position < range.upperBound {
                let size = Int(min(UInt64(Self.pieceSize), range.upperBound - position))
                var piece = [UInt8](repeating: 0, count: 0)
                do throws(ImageError) { piece = try content.bytes(at: position, count: size) } catch {
                    if !isReported { report(name, error) }
                    isReported = true
                    piece = [UInt8](repeating: 0, count: size)
                }
                try write(piece)
                position += UInt64(size)
            }
            count += UInt64(range.count)
        }
        let padding = TarEntry.padding(count)
        if padding > 0 { try write([UInt8](repeating: 0, count: padding)) }
    }

    /// The ranges of `content` that are not known to be holes or zeroes.
    private func dataRanges(of content: any Source) throws(ImageError) -> [Range<UInt64>] {
        var ranges = ByteRanges()
        var position: UInt64 = 0
        while position < content.size {
            let extent = try content.extent(in: position..<content.size)
            if extent.kind == .data { ranges.insert(extent.range) }
            position = extent.range.upperBound
        }
        return ranges.runs
    }
}
