import VitrineFormats

/// The texts about the seek index of a layer.
enum IndexReport {
    // MARK: For people

    /// The labels and values in `vitrine info`.
    static func properties(_ state: IndexState) -> [[String]] {
        var rows = [["seek index", summary(state)], ["worst seek", worstSeek(state)]]
        if state.zeroes > 0 { rows.append(["known zeroes", byteCount(state.zeroes)]) }
        if state.seeksByBlockOnly { rows.append(["note", blocksOnly]) }
        return rows
    }

    /// The text of `vitrine index` when it has indexed the layer called `title` in `elapsed`.
    ///
    /// `fileSize` is the length of the index in bytes, nil if it is not known. `imageSize` is the length of the image in bytes.
    static func built(
        _ title: String, _ state: IndexState, _ elapsed: Duration, fileSize: UInt64?, imageSize: UInt64
    ) -> String {
        let extent = state.isComplete ? "" : " \(percentText(state.indexed, of: state.size)) of it"
        var rows = [
            ["spans", "\(state.spans)"],
            ["worst seek", time(UInt64(state.worstSpan))],
            ["zeroes", byteCount(state.zeroes)],
        ]
        if let fileSize {
            rows.append([
                "index size", "\(byteCount(fileSize)), \(percentText(fileSize, of: imageSize)) of the image",
            ])
        }
        if state.seeksByBlockOnly { rows.append(["note", blocksOnly]) }
        return (["\(title): indexed\(extent) in \(timeText(elapsed))"] + TextTable.lines(rows))
            .joined(separator: "\n")
    }

    /// The text of `vitrine index` when there is nothing left to do.
    static func complete(_ title: String, _ state: IndexState) -> String {
        "\(title): already indexed: \(spans(state.spans)), worst seek \(time(UInt64(state.worstSpan)))"
    }

    /// The text of `vitrine index` when it was interrupted.
    static func stopped(_ title: String, _ state: IndexState) -> String {
        "\(title): stopped at \(percentText(state.indexed, of: state.size)); the index so far is kept, and the "
            + "same command continues from there"
    }

    /// The text of `vitrine index --verify` when all is well. The slowest span took `worst` microseconds.
    static func verified(_ title: String, _ state: IndexState, worst: UInt32) -> String {
        "\(title): OK: \(spans(state.spans)) decoded and compared, the slowest in \(time(UInt64(worst)))"
    }

    private static func summary(_ state: IndexState) -> String {
        if state.isComplete { return "complete, \(spans(state.spans))" }
        if state.indexed == 0 { return "none" }
        return "\(percentText(state.indexed, of: state.size)), \(spans(state.spans))"
    }

    private static func worstSeek(_ state: IndexState) -> String {
        if state.isComplete { return time(UInt64(state.worstSpan)) }
        let now = "about \(time(state.worstBlock))"
        // Indexing gains nothing if blocks are as short as spans would be, or if decoding starts at blocks only.
        guard !state.seeksByBlockOnly, state.worstBlock > 2 * state.usualSpan else { return now }
        return "\(now); with an index (vitrine index), about \(time(state.usualSpan))"
    }

    private static let blocksOnly =
        "a block decodes from its start only: it uses a filter (BCJ or delta) whose state an index does not "
        + "keep"

    private static func spans(_ count: Int) -> String { count == 1 ? "1 span" : "\(count) spans" }

    private static func time(_ microseconds: UInt64) -> String {
        timeText(.microseconds(Int64(clamping: microseconds)))
    }

    // MARK: For programs

    /// The value of `index` for a layer in `vitrine info --json`.
    static func json(_ state: IndexState) -> JSONValue {
        .object([
            "state": .string(state.isComplete ? "complete" : state.indexed == 0 ? "none" : "partial"),
            "indexed": .number(state.indexed),
            "spans": .number(UInt64(state.spans)),
            "zeroes": .number(state.zeroes),
            "worst-span-microseconds": .number(UInt64(state.worstSpan)),
            "worst-block-microseconds": .number(state.worstBlock),
            "seeks-by-block-only": .bool(state.seeksByBlockOnly),
        ])
    }
}
