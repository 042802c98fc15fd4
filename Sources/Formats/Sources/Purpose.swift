/// The purpose for which a layer is asked for its content. It says what the answer may take.
package enum Purpose: Sendable {
    /// The content is read. It may be waited for, and decoded.
    case reading
    /// The same, for a sequential reader.
    case readingOn
    /// It will be read soon.
    case readingAhead
    /// It is read, if that takes neither disk nor decoding.
    case readingNow
    /// It is described, without decoding anything.
    case describing
    /// The same, if that takes no waiting.
    case describingNow

    /// True if the answer may take waiting.
    package var mayWait: Bool { self != .readingNow && self != .describingNow }

    /// True if the bytes are wanted, so that missing ones are an error.
    package var reads: Bool { self == .reading || self == .readingOn || self == .readingNow }

    /// True if the bytes themselves do not matter.
    package var describes: Bool { self == .describing || self == .describingNow }
}
