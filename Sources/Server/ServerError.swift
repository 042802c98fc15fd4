/// Why a server cannot start; in words for the person who started it.
package struct ServerError: Error, Equatable, CustomStringConvertible {
    package let description: String

    /// What the system called it, where it was the system that refused.
    package let errorNumber: Int32?

    package init(_ description: String, errorNumber: Int32? = nil) {
        self.description = description
        self.errorNumber = errorNumber
    }
}
