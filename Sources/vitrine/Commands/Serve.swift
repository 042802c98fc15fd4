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
        abstract: "Serves the disk inside an image to NBD clients, or as a file, read-only.",
        discussion: """
            The whole disk is the default export. Its partitions are the exports p1, p2 and so on, and its \
            logical volumes (LVM) have their own names, such as vg/root. vitrine info lists all of them. \
            Without -U, -p or -i, the server makes a private Unix socket. When the server is ready, it \
            prints its URI. It serves until it gets a signal.

            With --fuse, every program can read the disk as a file: disk is the whole disk, and p1, p2 and \
            so on are the partitions. NBD clients are then served only with one of the other options.

            Examples:

              vitrine serve disk.raw.xz --run 'nbdcopy "$uri" disk.raw'
              vitrine serve disk.raw.xz -U /tmp/disk.sock
              vitrine serve disk.raw.xz --fuse /tmp/files
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
        name: .customLong("fuse"),
        help: ArgumentHelp(
            "Show the disk and its partitions as files in this directory. Root can do this, and others if "
                + "fusermount3 is there (Debian package fuse3). To end it, unmount the directory, or end vitrine.",
            valueName: "dir"),
        completion: .directory)
    var fuse: SystemString?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "Run this shell command with $uri and $unixsocket set, or with --fuse, $disk and $dir. End when it "
                + "ends, with its exit status.",
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
        if single && (listens || command != nil || fuse != nil) {
            throw ValidationError("-s cannot be used with -U, -p, -i, --fuse or --run.")
        }
        if fuse == "" { throw ValidationError("--fuse takes the path of a directory.") }
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
        let contents = opened.image.contents()
        for warning in opened.image.warnings + contents.warnings { complain("warning: \(warning)") }
        try WrittenPath.requireDistinct(written, from: opened.image.referencedFiles)
        let exports = try ExportList(of: opened.image, name: exportname.text, contents)
        let fronts = try fronts(exports, opened, activated, logger, ending)
        // Last of all, so that everything decoded for clients is in it.
        defer { opened.store.save() }

        isServing.withLock { $0 = true }
        let addresses = try start(fronts)
        let indexing = BackgroundIndexing(of: opened.image, opened.store)
        defer { indexing.stop() }
        let watch = ChangeWatch(opened.image, logger)
        defer { watch.stop() }
        defer { fronts.reversed().forEach { $0.stop() } }

        let file = try pidfile.map { path throws(ServerError) in try PIDFile(path) }
        defer { file?.remove() }
        if let command {
            let variables = addresses.reduce(into: [:]) { $0.merge($1.variables) { first, _ in first } }
            let command = try ShellCommand(command, variables)
            command.onExit { ending.end(.command($0)) }
            let reason = ending.wait()
            let status = reason.commandStatus ?? command.stop()
            try conclude(reason, logger)
            if status != 0 { throw ExitCode(status) }
        } else {
            for address in addresses { say(address.uri) }
            try conclude(ending.wait(), logger)
        }
    }

    /// Logs the reason that the server ends. Throws it if it is an error.
    private func conclude(_ reason: ServingEnd, _ logger: Logger) throws(ServerError) {
        switch reason {
        case .signal(let signal): logger.debug("ended by signal \(signal)")
        case .command: logger.debug("the command has ended")
        case .clientLeft: logger.debug("the client has left")
        case .unmounted: logger.debug("the files have been unmounted")
        case .parentEnded: logger.debug("the process that started this one has ended")
        case .broken(let error): throw error
        }
    }

    /// The ways in which clients reach `exports`, as the options say. `activated` are the sockets that another process has passed to this
    /// one.
    private func fronts(
        _ exports: ExportList, _ opened: OpenedImage, _ activated: [Int32], _ logger: Logger,
        _ ending: Ending<ServingEnd>
    ) throws -> [any Front] {
        var fronts: [any Front] = []
        let hasNBD = fuse == nil || unix != nil || port != nil || ipaddr != nil || !activated.isEmpty
        if hasNBD {
            fronts.append(
                try NBDFront(
                    exports, listening(activated), exportName: exportname.text, opened.engine, logger, ending)
            )
        }
        if let fuse {
            fronts.append(
                try FUSEFront(exports, of: opened.image.name, in: fuse, opened.engine, logger) { error in
                    if let error {
                        ending.end(.broken(ServerError("--fuse: \(fuse): \(error)")))
                    } else if hasNBD {
                        logger.debug("\(fuse) has been unmounted")
                    } else {
                        ending.end(.unmounted)
                    }
                })
        }
        return fronts
    }

    /// Starts `fronts`, all of them or none. Returns the addresses that clients must be told.
    private func start(_ fronts: [any Front]) throws -> [FrontAddress] {
        var addresses: [FrontAddress] = []
        for (number, front) in fronts.enumerated() {
            do {
                if let address = try front.start() { addresses.append(address) }
            } catch {
                fronts[..<number].forEach { $0.stop() }
                throw error
            }
        }
        return addresses
    }

    /// The sockets that clients come by, as the options say. `activated` are those that another process has passed to this one.
    private func listening(_ activated: [Int32]) -> NBDFront.Listening {
        if single { return .standardFiles }
        guard activated.isEmpty else { return .passed(activated) }
        if port != nil || ipaddr != nil { return .tcp(host: ipaddr, port: Int(port ?? 10809)) }
        return .unix(unix == "-" ? nil : unix)
    }
}
