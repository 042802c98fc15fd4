import VitrineFormats

/// The settings of a server.
package struct ServerConfiguration: Sendable {
    /// The number of threads that serve the sockets; at least 1.
    package var threads = Workers.cores

    /// The seconds that clients have, once the server is stopped, before they are cut off.
    package var stoppingTime: Int64 = 6

    /// The seconds without any progress of the workers after which the requests that wait for them fail.
    package var stallTime: UInt64 = 60

    package init() {}
}
