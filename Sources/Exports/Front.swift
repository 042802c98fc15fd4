package import VitrineFormats

/// A way in which clients reach exports, such as NBD.
package protocol Front: Sendable {
    /// Starts to serve. Returns the address at which clients find the exports. Nil if they need not be told.
    ///
    /// Throws a text for the person who started it. Nothing that it has made is left then.
    func start() throws -> FrontAddress?

    /// Takes no new clients, and lets those it has finish what they are doing. Removes what `start` has made.
    ///
    /// Returns when no client is served any more. Must be called only after `start` has returned.
    func stop()
}

/// The address at which clients find an export.
package struct FrontAddress: Sendable {
    /// The URI for clients, or the path of a file.
    package let uri: String

    /// The environment variables by which a command finds it.
    package let variables: [String: SystemString]

    package init(uri: String, variables: [String: SystemString]) {
        self.uri = uri
        self.variables = variables
    }
}
