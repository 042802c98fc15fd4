import ArgumentParser
import CLinux
import Glibc
import Logging
import VitrineExports
import VitrineFormats
import VitrineServer

/// `vitrine serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the disk inside an image to NBD clients, read-only.",
        discussion: """
            The whole disk is the default export. Its partitions are the exports p1, p2 and so on. \
            Without -U, -p or -i, the server makes a private Unix socket. When the server is ready, it \
            prints its URI. It serves until it gets a signal.

            Examples:

              vitrine serve disk.raw.xz --run 'nbdcopy "$uri" disk.raw'
              vitrine serve disk.raw.xz -U /tmp/disk.sock
              nbdinfo -- [ vitrine serve disk.raw.xz ]
            """)

    @OptionGroup var options: ImageOptions

    @OptionGroup var references: ReferenceOptions

    @Option(
        name: [.customShort("U"), .customLong("unix")],
        help: ArgumentHelp(
            "Listen on this Unix socket. With -, make a private temporary one.", valueName: "path"))
    var unix: SystemString?

    @Option(
        name: .shortAndLong,
        help: "Listen on this TCP port. Without -i, only programs on this machine can connect.")
    var port: UInt16?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Listen on this address by TCP. Without -p, the port is 10809.", valueName: "addr"))
    var ipaddr: String?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "Run this shell command with $uri and $unixsocket set. End when it ends, with its exit status.",
            valueName: "cmd"))
    var command: SystemString?

    @Option(
        name: [.customShort("P"), .customLong("pidfile")],
        help: ArgumentHelp(
            "Write the server's process number to this file when the server is ready.", valueName: "path"))
    var pidfile: SystemString?

    @Flag(name: .customLong("exit-with-parent"), help: "End when the process that started the server ends.")
    var exitWithParent = false

    @Flag(name: .shortAndLong, help: "Serve one client on standard input and output. End when it leaves.")
    var single = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Serve the whole disk under this name too.", valueName: "name"))
    var exportname: SystemString = ""

    @Flag(name: .shortAndLong, help: "Log on standard error what the server does.")
    var verbose = false

    func validate() throws {
        let listens = unix != nil || port != nil || ipaddr != nil
        if unix != nil && (port != nil || ipaddr != nil) {
            throw ValidationError("-U cannot be used with -p or -i.")
        }
        if unix == "" {
            throw ValidationError("-U takes the path of a socket, or -.")
        }
        if single && (listens || command != nil) {
            throw ValidationError("-s cannot be used with -U, -p, -i or --run.")
        }
        if exportname.bytes.count > 4096 || !exportname.isUTF8 {
            throw ValidationError("-e takes a name of at most 4096 bytes, in UTF-8.")
        }
    }

    /// The paths that are written to.
    private var written: [WrittenPath] {
        let own = [("-U", unix == "-" ? nil : unix), ("-P", pidfile)]
        return options.indexes.written
            + own.compactMap { option, path in path.map { WrittenPath(option, $0) } }
    }

    func run() throws {
        // Messages, errors too, may still be with the thread that writes them.
        defer { StandardError.drain() }
        try reportingErrors { try serve() }
    }

    private func serve() throws {
        let parent = ParentProcess()
        StandardFiles.open()
        // First, because threads inherit the signals that are blocked.
        let signals = EndSignals()
        let activated = try ActivatedSockets.take()
        if !activated.isEmpty && (unix != nil || port != nil || ipaddr != nil || single || command != nil) {
            throw ServerError(
                "another process passed sockets to this one (LISTEN_FDS): -U, -p, -i, -s and --run cannot be "
                    + "used")
        }

        guard StandardError.writeInBackground() else { throw ServerError("cannot serve: \(Thread.shortage)") }
        let ending = Ending<ServingEnd>()
        // A client that starts a server for itself may fail without ending it. systemd never does.
        if exitWithParent || !activated.isEmpty && !parent.isFirst {
            guard parent.onExit({ ending.end(.parentEnded) }) else {
                throw ServerError(
                    "cannot watch the process that started the server, to end with it: "
                        + systemMessage(errno))
            }
        }

        let level: Logger.Level = verbose ? .debug : .warning
        let logger = Logger(label: "vitrine") { _ in StandardErrorLog(level) }
        try WrittenPath.requireDistinct(written, from: options.image)
        // Opening may take decoding all of the image. As long as nobody is served, the process can end at once.
        let isServing = Monitor(false)
        signals.onSignal { signal in
            if !isServing.withLock({ $0 }) { _exit(EndSignals.exitStatus(signal)) }
            ending.end(.signal(signal))
        }
        let opened = try options.open(references, quiet: false)
        for warning in opened.image.warnings { complain("warning: \(warning)") }
        try WrittenPath.requireDistinct(written, from: opened.image.referencedFiles)
        let exports = try ExportList(of: opened.image, name: exportname.text)
        let server = try Server(exports, opened.engine, logger) { ending.end(.broken($0)) }
        // Last of all, so that everything decoded for clients is in it.
        defer { opened.store.save() }

        isServing.withLock { $0 = true }
        let place = try listen(server, activated, ending)
        defer { place?.remove() }
        let indexing = BackgroundIndexing(of: opened.image, opened.store)
        defer { indexing.stop() }
        let watch = ChangeWatch(opened.image, logger)
        defer { watch.stop() }
        // Whatever happens from here on, clients get their answers before the socket goes.
        defer { server.stop() }

        let file = try pidfile.map { path throws(ServerError) in try PIDFile(path) }
        defer { file?.remove() }
        if let command {
            let command = try ShellCommand(command, place?.variables(exportname.text) ?? [:])
            command.onExit { ending.end(.command($0)) }
            let reason = ending.wait()
            let status = reason.commandStatus ?? command.stop()
            try conclude(reason, logger)
            if status != 0 { throw ExitCode(status) }
        } else {
            if let place { say(place.uri(exportname.text)) }
            try conclude(ending.wait(), logger)
        }
    }

    /// Logs the reason that the server ends. Throws it if it is an error.
    private func conclude(_ reason: ServingEnd, _ logger: Logger) throws(ServerError) {
        switch reason {
        case .signal(let signal): logger.debug("ended by signal \(signal)")
        case .command: logger.debug("the command has ended")
        case .clientLeft: logger.debug("the client has left")
        case .parentEnded: logger.debug("the process that started this one has ended")
        case .broken(let error): throw error
        }
    }

    /// Starts listening as the options say. Returns nil if clients need not be told the place.
    private func listen(
        _ server: Server, _ activated: [Int32], _ ending: Ending<ServingEnd>
    ) throws -> ListeningPlace? {
        if single {
            try StandardFiles.requireClient(STDIN_FILENO, "standard input")
            try StandardFiles.requireClient(STDOUT_FILENO, "standard output")
            try server.serve(input: STDIN_FILENO, output: STDOUT_FILENO) { ending.end(.clientLeft) }
            return nil
        }
        guard activated.isEmpty else {
            try serve(activated, server, ending)
            return nil
        }
        if port != nil || ipaddr != nil {
            return try .tcp(server, host: ipaddr, port: Int(port ?? 10809))
        }
        var socket = try UnixSocketPath(unix == "-" ? nil : unix)
        do {
            try server.listen(unixSocket: socket.path)
        } catch {
            socket.removeDirectory()
            throw error
        }
        socket.noteListening()
        return .unix(socket)
    }

    /// Serves the clients that connect to `sockets`, or are connected to them. If all are connected, the server ends with the last.
    private func serve(_ sockets: [Int32], _ server: Server, _ ending: Ending<ServingEnd>) throws {
        let left = Monitor(sockets.count)
        for socket in sockets {
            switch try PassedSocket(socket) {
            case .listening: try server.listen(descriptor: socket)
            case .connected:
                try server.serve(connection: socket) {
                    let isLast = left.withLock { left in
                        left -= 1
                        return left == 0
                    }
                    if isLast { ending.end(.clientLeft) }
                }
            }
        }
    }
}
