import VitrineServer

/// The reason that a server ends.
enum ServingEnd: Sendable {
    case signal(Int32)
    /// The command of --run ended with this exit status.
    case command(Int32)
    /// The only client left.
    case clientLeft
    /// Somebody unmounted the files, which were all that was served.
    case unmounted
    /// The process that started this one ended.
    case parentEnded
    /// Clients cannot connect any more.
    case broken(ServerError)

    var commandStatus: Int32? {
        if case .command(let status) = self { status } else { nil }
    }
}
