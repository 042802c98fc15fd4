/// The reason that something cannot be mounted; a text for the person who asked.
package struct MountError: Error, Equatable, CustomStringConvertible {
    package let description: String

    /// The obstacles for which there may be another way.
    package var obstacles: [MountObstacle]

    package init(_ description: String, obstacles: [MountObstacle] = []) {
        self.description = description
        self.obstacles = obstacles
    }
}
