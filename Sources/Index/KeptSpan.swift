import VitrineFormats

/// A span that an index knows, and the place of its detail.
struct KeptSpan: Sendable {
    enum Detail: Sendable {
        /// In memory, because it is not saved yet. `serial` tells it from details added before and after.
        case unsaved([UInt8], serial: Int)
        /// In a file, which need not be the one that the index is saved to.
        case saved(IndexFile, SpanRecord)
    }

    var span: SeekSpan
    var detail: Detail

    /// The bytes of memory that its detail takes.
    var memory: Int {
        if case .unsaved(let detail, _) = self.detail { detail.count } else { 0 }
    }

    /// Returns the detail, read from its file if it is not in memory.
    ///
    /// Throws what reading throws, and `corrupt` if it is not what was saved.
    func read() throws(ImageError) -> [UInt8] {
        switch detail {
        case .unsaved(let detail, _): detail
        case .saved(let file, let record): try file.detail(of: record)
        }
    }
}
