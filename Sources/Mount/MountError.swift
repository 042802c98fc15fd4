/// The reason that something cannot be mounted or unmounted; a text for the person who asked.
package struct MountError: Error, Equatable, CustomStringConvertible {
    /// What would help.
    package enum Remedy: Equatable, Sendable {
        /// Root can do it.
        case root
        /// Whoever uses what is mounted must let it go.
        case waiting
    }

    package let description: String

    package let remedy: Remedy?

    /// The obstacles for which there may be another way.
    package var obstacles: [MountObstacle]

    package init(_ description: String, obstacles: [MountObstacle] = [], remedy: Remedy? = nil) {
        self.description = description
        self.remedy = remedy
        self.obstacles = obstacles
    }
}
