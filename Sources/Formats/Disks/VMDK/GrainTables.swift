import Synchronization

/// Reads the grain tables in the file of a sparse extent. If one cannot be read, the redundant one is.
final class GrainTables: Source {
    let size: UInt64

    private let file: any Source
    private let header: SparseExtentHeader
    private let directory: L1Table
    private let warn: @Sendable (String) -> Void
    private let hasWarned = Atomic<Bool>(false)

    /// Reads the tables in `file` that `directory` names. Calls `warn`, once, if a redundant one is used.
    init(_ file: any Source, _ directory: GrainDirectory, warn: @escaping @Sendable (String) -> Void) {
        self.file = file
        size = file.size
        header = directory.header
        self.directory = directory.table
        self.warn = warn
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        do throws(ImageError) {
            try file.fill(&buffer, at: offset)
        } catch {
            guard let other = redundant(offset) else { throw error }
            do throws(ImageError) {
                try file.read(into: &buffer, at: other)
            } catch _ {
                throw error
            }
            guard !hasWarned.exchange(true, ordering: .relaxed) else { return }
            warn("vmdk: the grain table at \(offset) cannot be read, so the redundant one is used: \(error)")
        }
    }

    func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) -> Bool {
        // Errors here recur in the read that waits.
        (try? file.fillNow(&buffer, at: offset)) ?? false
    }

    /// The offset of the redundant copy of the table at `offset`. Nil if there is none, or no table starts at `offset`:
    /// tables are read whole.
    private func redundant(_ offset: UInt64) -> UInt64? {
        let sector = header.redundantDirectory
        guard header.hasRedundantDirectory, sector <= size / 512,
            let index = directory.entries.firstIndex(of: offset / 512),
            let bytes = try? file.bytes(at: sector * 512 + UInt64(index * 4), count: 4),
            let other = (try? header.layout.table(bytes.littleEndianHalfWords(1)[0])) ?? nil, other != offset
        else { return nil }
        return other
    }
}
