import Glibc

/// The meaning of an error of accept(2) for the socket that connections are taken from.
enum AcceptFailure: Equatable {
    /// There is no connection to take now.
    case nothing
    /// The error concerns one connection, or the network, and passes.
    case passing
    /// There are no more files, or there is no memory. Some will be free when a client leaves.
    case exhausted
    /// Nothing can be taken from this descriptor any more.
    case final

    /// The meaning of `errorNumber`.
    ///
    /// accept(2) also gives the network's errors for the new connection, and those of a firewall. So only errors known to be final
    /// count as final.
    init(_ errorNumber: Int32) {
        switch errorNumber {
        case EAGAIN, EINTR: self = .nothing
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: self = .exhausted
        case EBADF, EINVAL, ENOTSOCK: self = .final
        default: self = .passing
        }
    }

    /// The time to wait before trying again, in milliseconds: an error that comes at once, again and again, must not take up a core.
    var pause: Int32 {
        switch self {
        case .nothing, .final: 0
        case .passing: 10
        case .exhausted: 1000
        }
    }
}
