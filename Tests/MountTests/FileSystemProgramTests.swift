import Glibc
import Testing
import VitrineFormats

@testable import VitrineMount

/// The programs that mount without root, and what they say.
struct FileSystemProgramTests {
    @Test(arguments: ["ext2", "ext3", "ext4", "squashfs"])
    func whatThereIsAProgramFor(_ kind: String) throws {
        #expect(try #require(FileSystemProgram(kind: kind)).options.hasPrefix("ro"))
        #expect(FileSystemProgram.kinds.contains(kind))
    }

    @Test(arguments: ["xfs", "btrfs", "vfat", "iso9660", "swap", "ext", "erofs"])
    func whatNeedsRoot(_ kind: String) {
        #expect(FileSystemProgram(kind: kind) == nil)
    }

    /// fuse2fs advises to repair the file system after every error, also where a read has failed.
    @Test func noAdviceToRepairIsShown() {
        let lines = [
            "Mounting read-only.", "/proc/self/fd/3: Transport endpoint is not connected.",
            "Please run e2fsck -fy /proc/self/fd/3.",
        ]
        #expect(FileSystemProgram.words(lines) == "Transport endpoint is not connected.")
        #expect(FileSystemProgram.words(["Mounting read-only."]) == "")
        #expect(FileSystemProgram.words(["a", "b"]) == "a; b")
    }

    @Test func commasInNamesSeparateNoOptions() {
        #expect(Fusermount.escaped(#"a,b\c d"#) == #"a\,b\\c d"#)
    }

    @Test func programsTellWhatTheyHaveToSay() throws {
        let program = try ExternalProgram(
            ["sh", "-c", "echo a; echo \"b$X\" >&2; exit 3"], in: "dash", variable: "X=1")
        let (status, lines) = program.wait()
        #expect(status == 3)
        #expect(lines == ["a", "b1"])
    }

    /// The rest is read all the same, or the program would wait.
    @Test func ofMuchTheStartIsKept() throws {
        let program = try ExternalProgram(["sh", "-c", "yes | head -c 200000"], in: "dash")
        let (status, lines) = program.wait()
        #expect(status == 0)
        #expect(lines.count == 2048)
    }

    @Test func theyGetNoFilesButTheOneThatIsPassed() throws {
        let program = try ExternalProgram(["ls", "/proc/self/fd"], in: "coreutils", passing: 2)
        #expect(program.wait().lines.filter { $0 == "3" || Int($0) ?? 0 > 4 } == ["3"])
    }

    @Test func aMissingProgramIsNamedWithItsPackage() {
        #expect(throws: MountError("there is no vitrine-nothing, which is in the Debian package nothing")) {
            _ = try ExternalProgram(["vitrine-nothing"], in: "nothing").wait()
        }
    }

    /// A program that shows files must not outlive what it reads from.
    @Test func aProgramEndsWithItsThread() throws {
        let result = Monitor<Int32?>(nil)
        let isStarted = Thread.start("outer") {
            let number = Monitor<pid_t>(0)
            _ = Thread.start("inner") {
                let program = try? ExternalProgram(
                    ["sh", "-c", "echo; exec sleep 100"], in: "dash", endsWithThread: true)
                number.change { $0 = program?.process ?? -1 }
            }
            let process = number.wait { $0 == 0 ? nil : $0 }
            let status = process > 0 ? waitForExit(of: process) : -1
            result.change { $0 = status }
        }
        #expect(isStarted)
        #expect(result.wait { $0 } == 128 + SIGKILL)
    }

    @Test func aProgramThatEndsIsNotReady() throws {
        let program = try ExternalProgram(["sh", "-c", "echo no"], in: "dash")
        #expect(try !program.wait { false })
        #expect(program.wait().lines == ["no"])
    }
}
