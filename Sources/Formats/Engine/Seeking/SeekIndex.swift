/// The known spans of one layer, where decoding can start, and how to decode each.
///
/// A format reads what was known when it was opened, and adds what it learns. The index decides where to keep all this,
/// and for how long: it is a cache, and may forget. Thread-safe.
package protocol SeekIndex: AnyObject, Sendable {
    /// The knowledge there was when the index was opened. A layer checks it against the file before relying on it.
    func knowledge() -> SeekKnowledge

    /// The packed `SpanDetail` of `span`, as it was added: what decoding it takes and gives.
    ///
    /// Nil if none is kept, or if somebody has dropped it, which says nothing of what is kept now. Throws `io` or
    /// `corrupt` if it cannot be read.
    func detail(of span: SeekSpan) throws(ImageError) -> [UInt8]?

    /// Adds `span`, which overlaps no known one, with its packed `detail` and the runs of zeroes in it, in order.
    /// Returns false if there is no room to keep it.
    func add(_ span: SeekSpan, detail: [UInt8], zeroes: [Range<UInt64>]) -> Bool

    /// True if more can be added without waiting for earlier additions to be saved.
    var hasRoom: Bool { get }

    /// Waits until there is room. Call it before learning much, and before taking memory for that.
    func waitForRoom()

    /// Forgets every span, and every run of zeroes, that overlaps `range`.
    func remove(_ range: Range<UInt64>)

    /// Forgets everything, here and in storage: something in it was wrong.
    func drop()

    /// The zstd level, 1 to 19, at which details are compressed before they are added.
    var compressionLevel: Int32 { get }
}

/// The knowledge that a seek index has of a layer.
package struct SeekKnowledge: Sendable {
    /// The spans, in the order of the layer. None overlaps another, but there may be gaps between them.
    package var spans: [SeekSpan]

    /// The ranges of the layer said to be all zeroes: within the spans, in order, none overlapping or touching the
    /// next. The details of the spans have to prove them (`SeekMap.prove`).
    package var zeroes: [Range<UInt64>]

    /// Creates knowledge of `spans` and runs of zeroes.
    package init(spans: [SeekSpan] = [], zeroes: [Range<UInt64>] = []) {
        self.spans = spans
        self.zeroes = zeroes
    }
}

/// Finds the seek index of a layer. Given to `Image.open`.
package protocol SeekIndexes: Sendable {
    /// Finds the indexes of the layers of one image, which is called `name` and about to be opened.
    ///
    /// Each image has its own, so that what is known of its outermost layer can serve the inner ones.
    func forImage(called name: String) -> any SeekIndexes

    /// Finds the indexes of the layers of a file that another image names `name`. That file has them to itself.
    func forReference(called name: String) -> any SeekIndexes

    /// The index of the content of `file`, for the layer that is `depth` layers below the file on disk (0 is the
    /// outermost) and holds `size` bytes, or as many as will turn out if that is nil. Nil if it gets no index.
    ///
    /// `digest` returns what the format knows of the file that tells it from others, such as the checks of its blocks.
    func index(
        of file: any Source, _ kind: SeekKind, depth: Int, size: UInt64?,
        digest: () throws(ImageError) -> [UInt8]
    ) -> (any SeekIndex)?
}

extension SeekIndex {
    /// Adds the span that a pass has `learned`, compressed at this index's level. Returns false if there is no room to keep it.
    func add(_ learned: SeekPass.Learned) -> Bool {
        add(
            learned.span, detail: learned.detail.packed(level: compressionLevel), zeroes: learned.zeroes)
    }

    package var hasRoom: Bool { true }

    package func waitForRoom() {}
}

extension SeekIndexes {
    /// The index of a file whose format knows nothing that tells it from others.
    package func index(
        of file: any Source, _ kind: SeekKind, depth: Int, size: UInt64?
    ) -> (any SeekIndex)? {
        index(of: file, kind, depth: depth, size: size) { () throws(ImageError) in [] }
    }

    package func forImage(called name: String) -> any SeekIndexes { self }

    package func forReference(called name: String) -> any SeekIndexes { self }
}
