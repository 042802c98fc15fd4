/// The reason that a command cannot do what it is asked for; a text for the person who asked.
struct CommandError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
