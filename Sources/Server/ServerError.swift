/// Why a server cannot start; in words for the person who started it.
package struct ServerError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
