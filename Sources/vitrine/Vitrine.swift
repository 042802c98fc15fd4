import ArgumentParser
import Glibc
import VitrineFiles

/// The command line.
@main
struct Vitrine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vitrine",
        abstract: "Reads disk images without unpacking them.",
        discussion: """
            Vitrine reads any byte of the disk inside an image, compressed or not. It never writes to \
            the image.

              vitrine info disk.raw.xz             what is in the image?
              vitrine mount disk.raw.xz /mnt       mount the root of the system in it
              vitrine ls disk.raw.xz /etc          list its files; cat, cp and tar read them
              vitrine copy disk.raw.xz disk.raw    copy the disk to a file
              vitrine serve disk.raw.xz            serve the disk to NBD clients
            """,
        version: "0.1.0",
        subcommands: [
            Serve.self, Mount.self, Unmount.self, Mounts.self, ListFiles.self, PrintFiles.self,
            CopyFiles.self, ArchiveFiles.self, Copy.self, Info.self, Index.self,
        ])

    static func main() {
        // The process that reads a file system for another one does nothing else.
        if RawArguments.all == [ReaderProcess.argument] { ReaderProcess.serve() }
        // Before there is a second thread.
        Allocator.useOneArena()
        OpenFileLimit.raise()
        // At any end of the process: the parser prints help and versions, and does not look whether that fails.
        atexit { StandardOutput.end() }
        do throws(CommandError) {
            main(try arguments())
        } catch {
            complain("\(error)")
            Glibc.exit(1)
        }
    }

    /// The arguments that say what to do. Under the name mount.vitrine, they are those that mount(8) gives.
    ///
    /// Throws if those make no sense.
    static func arguments() throws(CommandError) -> [String] {
        MountHelper.isMeant ? try MountHelper(RawArguments.all).arguments : RawArguments.all
    }
}

/// Prints `text` as one line on standard error.
func complain(_ text: String) {
    StandardError.write(line: "vitrine: \(text)")
}

/// Prints `text` as one line on standard output, at once: a program may be waiting for it.
func say(_ text: String) {
    print(text)
    StandardOutput.flush()
}

/// Runs `body`. An error becomes one line on standard error, and exit status 1.
func reportingErrors<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let code as ExitCode {
        throw code
    } catch {
        complain(words(error))
        throw ExitCode(1)
    }
}
