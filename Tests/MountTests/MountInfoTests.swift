import Testing
import VitrineFormats

@testable import VitrineMount

/// Reading what the kernel says of mounts.
struct MountInfoTests {
    @Test(arguments: [
        (
            "43 27 7:0 / /tmp/mt ro,nosuid,nodev,relatime - ext4 /dev/loop0 ro", "7:0", "/tmp/mt", "ext4",
            "/dev/loop0"
        ),
        (
            #"43 27 0:40 /root /m\040\134 ro shared:1 master:2 - btrfs /dev/loop1 ro"#, "0:40", #"/m \"#,
            "btrfs", "/dev/loop1"
        ),
        (#"1 2 3:4 / /\04 ro - a \040"#, "3:4", #"/\04"#, "a", " "),
    ])
    func lines(
        _ line: String, _ device: String, _ directory: String, _ type: String, _ source: String
    ) throws {
        let info = try #require(MountInfo(line.utf8))
        #expect(info.device == device)
        #expect(info.directory == Array(directory.utf8))
        #expect(info.type == type)
        #expect(info.source == Array(source.utf8))
    }

    @Test(arguments: [
        "", "1 2 3 4 5 6", "1 2 3:4 / /mnt ro shared:1", "1 2 3:4 / /mnt ro -", "1 2 3:4 / /mnt ro - ext4",
    ])
    func otherLines(_ line: String) {
        #expect(MountInfo(line.utf8) == nil)
    }

    @Test func namesOfServedFiles() throws {
        // A loop device has the path of its file, and an nbd device a name.
        for name in ["/vitrine-123-a-b.raw.xz\n", "vitrine-123-a-b.raw.xz\n"] {
            let owner = try #require(ImageMountList.owner(Array(name.utf8)))
            #expect(owner == (123, "a-b.raw.xz"))
        }
        for other in [
            "/vitrine-", "/vitrine-x-a", "/home/vitrine-1-a", "//vitrine-1-a", "/vitrine-99999999999-a", "",
        ] {
            #expect(ImageMountList.owner(Array(other.utf8)) == nil)
        }
    }
}
