import Glibc
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

    @Test func whatAProcessShows() throws {
        let line =
            #"68 45 0:41 / /tmp/d rw,nosuid - fuse.ext4 vitrine-12-a,b\040c.raw rw,user_id=65534,group_id=5"#
        let info = try #require(MountInfo(line.utf8))
        #expect(info.tag?.process == 12)
        #expect(info.tag?.image == "a,b c.raw")
        #expect(info.user == 65534)
        let others = [
            "68 45 0:41 / /tmp/d rw - ext4 vitrine-12-a rw", "68 45 0:41 / /tmp/d rw - fuse.ext4 /dev/sda rw",
            "68 45 0:41 / /tmp/d rw - fuse.ext4  rw",
        ]
        for other in others {
            let info = try #require(MountInfo(other.utf8))
            #expect(info.tag == nil)
            #expect(info.user == nil)
        }
    }

    @Test func namesOfServedFiles() throws {
        // A loop device has the path of its file, and an nbd device a name.
        for name in ["/vitrine-123-a-b.raw.xz\n", "vitrine-123-a-b.raw.xz\n"] {
            let tag = try #require(ImageMountList.tag(ofDevice: Array(name.utf8)))
            #expect(tag.process == 123)
            #expect(tag.image == "a-b.raw.xz")
        }
        for other in [
            "/vitrine-", "/vitrine-x-a", "/home/vitrine-1-a", "//vitrine-1-a", "/vitrine-99999999999-a", "",
        ] {
            #expect(ImageMountList.tag(ofDevice: Array(other.utf8)) == nil)
        }
    }

    @Test func tagsTellWhoseTheyAre() {
        let tag = MountTag(image: "a/b\0ä.raw")
        #expect(tag.text == "vitrine-\(getpid())-a_b_ä.raw")
        #expect(MountTag(tag.text.utf8) == tag)
        // The kernel takes 255 bytes.
        let long = MountTag(image: "x" + String(repeating: "ä", count: 1000))
        #expect(long.image == "x" + String(repeating: "ä", count: 99))
    }
}
