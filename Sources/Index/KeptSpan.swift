import VitrineFormats

/// A span that an index knows, and where its detail is.
struct KeptSpan: Sendable {
    enum Detail: Sendable {
        /// In memory, since nothing has saved it; `serial` tells it from what was added before and after.
        case unsaved([UInt8], serial: Int)
        /// In a file, which may be another than the one the index is saved to.
        case saved(IndexFile, SpanRecord)
    }

    var span: SeekSpan
    var detail: Detail

    /// How many bytes of memory its detail takes.
    var memory: Int {
        if case .unsaved(let detail, _) = self.detail { detail.count } else { 0 }
    }

    /// The detail, read if it must be.
    ///
    /// Throws what reading throws, and `corrupt` where it is not what was saved.
    func read() throws(ImageError) -> [UInt8] {
        switch detail {
        case .unsaved(let detail, _): detail
        case .saved(let file, let record): try file.detail(of: record)
        }
    }
}
