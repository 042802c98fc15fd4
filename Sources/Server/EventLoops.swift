import Glibc
import NIOPosix
import VitrineFormats

/// The threads that serve the sockets.
enum EventLoops {
    /// The files that each thread takes: for epoll, its timer, and what wakes it.
    private static let filesEach = 3

    /// The files needed besides: for a listening socket, what ends it, and some clients.
    private static let otherFiles = 8

    /// Starts `count` threads.
    ///
    /// Throws if the system has no threads or files for them: SwiftNIO would end the process.
    static func start(_ count: Int) throws(ServerError) -> MultiThreadedEventLoopGroup {
        try requireFiles(filesEach * count + otherFiles)
        try requireThreads(count)
        return MultiThreadedEventLoopGroup(numberOfThreads: count)
    }

    private static func requireFiles(_ count: Int) throws(ServerError) {
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        // Standard error is always open.
        while copies.count < count {
            let copy = dup(STDERR_FILENO)
            guard copy >= 0 else {
                throw ServerError(
                    "serving needs \(count) open files besides those of the image, but only \(copies.count) "
                        + "more can be opened: \(systemMessage(errno)) (ulimit -n)")
            }
            copies.append(copy)
        }
    }

    private static func requireThreads(_ count: Int) throws(ServerError) {
        let state = Monitor((isOver: false, running: 0))
        defer {
            state.change { $0.isOver = true }
            state.wait { $0.running == 0 ? () : nil }
        }
        for _ in 0..<count {
            state.withLock { $0.running += 1 }
            let isStarted = Thread.start("vitrine-trial") {
                state.wait { $0.isOver ? () : nil }
                state.change { $0.running -= 1 }
            }
            guard isStarted else {
                state.withLock { $0.running -= 1 }
                throw ServerError("cannot serve: \(Thread.shortage)")
            }
        }
    }
}
