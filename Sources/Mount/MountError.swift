/// The reason that something cannot be mounted; a text for the person who asked.
package struct MountError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
