/// The reason that a server cannot serve; a text for the person who started it.
package struct ServerError: Error, Equatable, CustomStringConvertible {
    package let description: String

    /// The system's error number. Nil if it was not the system that refused.
    package let errorNumber: Int32?

    package init(_ description: String, errorNumber: Int32? = nil) {
        self.description = description
        self.errorNumber = errorNumber
    }
}
