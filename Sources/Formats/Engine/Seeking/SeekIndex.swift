/// What is known of where decoding can start in one layer: spans, and how to decode each.
///
/// A format reads what was known when it was opened, and adds what it learns. Where all this is kept,
/// and for how long, is the index's affair: it is a cache, and may forget. Thread-safe.
package protocol SeekIndex: AnyObject, Sendable {
    /// What was known when it was opened. A layer checks it against the file before it relies on it.
    func knowledge() -> SeekKnowledge

    /// What decoding `span` takes and gives, a packed `SpanDetail`, as it was added; nil where nothing is kept of it, or not any
    /// more: somebody has dropped it, which says nothing of what is kept now.
    ///
    /// Throws `io` or `corrupt` where it cannot be read.
    func detail(of span: SeekSpan) throws(ImageError) -> [UInt8]?

    /// Takes in `span`, which overlaps none of those known; with the packed `detail`, and the runs
    /// of zeroes in it, in order. Returns false where there is no room to keep it.
    func add(_ span: SeekSpan, detail: [UInt8], zeroes: [Range<UInt64>]) -> Bool

    /// Whether more can be added without waiting until what is there has been saved.
    var hasRoom: Bool { get }

    /// Waits until there is room. Whoever is about to learn much does so before taking memory for it.
    func waitForRoom()

    /// Forgets every span, and every run of zeroes, that overlaps `range`.
    func remove(_ range: Range<UInt64>)

    /// Forgets everything, here and where it is kept: something in it was wrong.
    func drop()

    /// How hard details are to be compressed before they are added: a level of zstd, 1 to 19.
    var compressionLevel: Int32 { get }
}

/// What a seek index knows of a layer.
package struct SeekKnowledge: Sendable {
    /// In the order of the layer; none overlaps another, but there may be gaps between them.
    package var spans: [SeekSpan]

    /// Where the layer is said to be all zeroes: within the spans, in order, none overlapping or touching the next. It is for the
    /// details of the spans to prove (`SeekMap.prove`).
    package var zeroes: [Range<UInt64>]

    /// Spans and runs of zeroes.
    package init(spans: [SeekSpan] = [], zeroes: [Range<UInt64>] = []) {
        self.spans = spans
        self.zeroes = zeroes
    }
}

/// Finds the seek index of a layer; given to `Image.open`.
package protocol SeekIndexes: Sendable {
    /// Where the indexes of the layers of one image are found, which is called `name` and about to be opened.
    ///
    /// Each image has its own, so that what is known of its outermost layer can serve the inner ones.
    func forImage(called name: String) -> any SeekIndexes

    /// Where those of the layers of a file are found that another image names `name`; it has them to itself likewise.
    func forReference(called name: String) -> any SeekIndexes

    /// The index of what `file` holds, for the layer of `format` that is `depth` layers below the file on
    /// disk (0 is the outermost) and holds `size` bytes; nil where there is to be none.
    ///
    /// `digest` is asked for what `format` knows of the file that tells it from others, such as the checks of its blocks.
    func index(
        of file: any Source, format: String, depth: Int, size: UInt64,
        digest: () throws(ImageError) -> [UInt8]
    ) -> (any SeekIndex)?
}

extension SeekIndex {
    package var hasRoom: Bool { true }

    package func waitForRoom() {}
}

extension SeekIndexes {
    /// The index likewise, of a file whose format knows nothing that tells it from others.
    package func index(of file: any Source, format: String, depth: Int, size: UInt64) -> (any SeekIndex)? {
        index(of: file, format: format, depth: depth, size: size) { () throws(ImageError) in [] }
    }

    package func forImage(called name: String) -> any SeekIndexes { self }

    package func forReference(called name: String) -> any SeekIndexes { self }
}
