/// What was mounted in the end.
package struct MountedSystem: Sendable {
    package let candidate: MountCandidate

    /// The subvolume of btrfs. Nil for the default one, and for other file systems.
    package let subvolume: String?

    /// The name of the operating system in it. Nil if it holds none.
    package let system: String?

    /// The treatment of the file system's journal.
    package let journal: JournalUse

    /// The text that says why this one was mounted. Empty if all were.
    package var reason: String

    /// The candidates that hold an operating system too, and its name.
    package var others: [(candidate: MountCandidate, system: String)] = []

    /// The program that shows it. Nil if the kernel does.
    package var program: FileSystemProgram? = nil

    /// The reason to mount what holds `system`, which is nil if it holds none, unless something else is one.
    static func reason(_ system: String?) -> String {
        system.map { "it holds \($0)" } ?? "it is the only one that could hold a system"
    }
}
