/// The treatment of a journal that holds changes which are not in their places yet.
package enum JournalUse: Equatable, Sendable {
    /// It holds none.
    case none
    /// It was replayed, into memory.
    case replayed
    /// It was not looked at: the newest files may be missing or old.
    case skipped
}
