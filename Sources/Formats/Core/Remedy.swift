/// A setting under which an operation that failed may succeed.
public struct Remedy: Equatable, Sendable {
    /// A setting of `OpenOptions`, or of the memory limit.
    public enum Setting: String, CaseIterable, Sendable {
        /// The formats of the outermost layers.
        case format
        /// Reading truncated images as far as they go.
        case recover
        /// The member of an archive that is the disk.
        case member
        /// The memory limit.
        case memory
        /// The file that is the backing file or parent.
        case backingFile
        /// The directories whose files an image may name.
        case allowedDirectories
        /// The format of files that are recorded without one.
        case referenceFormat
        /// Opening a parent that has changed since.
        case ignoreContentID
        /// The size of the sectors that the partition table counts.
        case sectorSize
    }

    /// The setting to change.
    public var setting: Setting

    /// The value to give it. A word in capitals stands for something that only the user knows. Nil for a switch.
    public var value: String?

    /// The effect, as a verb with its object: `serves these`.
    public var effect: String

    /// The remedy to change `setting`.
    public init(_ setting: Setting, _ value: String? = nil, _ effect: String) {
        self.setting = setting
        self.value = value
        self.effect = effect
    }
}
