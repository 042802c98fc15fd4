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
        if exportname.bytes.count > Export.maximumName || !exportname.isUTF8 {
            throw ValidationError("-e takes a name of at most \(Export.maximumName) bytes, in UTF-8.")
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
        let front: any Front = try NBDFront(
            exports, listening(activated), exportName: exportname.text, opened.engine, logger, ending)
        // Last of all, so that everything decoded for clients is in it.
        defer { opened.store.save() }

        isServing.withLock { $0 = true }
        let address = try front.start()
        let indexing = BackgroundIndexing(of: opened.image, opened.store)
        defer { indexing.stop() }
        let watch = ChangeWatch(opened.image, logger)
        defer { watch.stop() }
        defer { front.stop() }

        let file = try pidfile.map { path throws(ServerError) in try PIDFile(path) }
        defer { file?.remove() }
        if let command {
            let command = try ShellCommand(command, address?.variables ?? [:])
            command.onExit { ending.end(.command($0)) }
            let reason = ending.wait()
            let status = reason.commandStatus ?? command.stop()
            try conclude(reason, logger)
            if status != 0 { throw ExitCode(status) }
        } else {
            if let address { say(address.uri) }
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

    /// The sockets that clients come by, as the options say. `activated` are those that another process has passed to this one.
    private func listening(_ activated: [Int32]) -> NBDFront.Listening {
        if single { return .standardFiles }
        guard activated.isEmpty else { return .passed(activated) }
        if port != nil || ipaddr != nil { return .tcp(host: ipaddr, port: Int(port ?? 10809)) }
        return .unix(unix == "-" ? nil : unix)
    }
}
