import Testing

@testable import VitrineFormats
@testable import VitrineMount

/// What /etc/fstab says of the root.
struct FSTabTests {
    private var candidate: MountCandidate {
        var system = FileSystem("ext4")
        system.uuid = "0a0b"
        system.label = "root"
        let entry = Partition(
            number: 1, range: 0..<1, type: "", typeName: nil, name: "main", uuid: "cafe-01")
        return MountCandidate(partition: 1, range: 0..<1, fileSystem: system, reason: nil, entry: entry)
    }

    @Test(
        arguments: [
            ("UUID=0A0B / ext4 defaults 0 1", true), ("UUID=\"0a0b\"\t/\text4", true),
            ("UUID=0a0c / ext4", false),
            ("LABEL=root / ext4", true), ("LABEL=Root / ext4", false), ("PARTUUID=CAFE-01 / x", true),
            ("PARTUUID=cafe-02 / x", false), ("PARTLABEL=main / x", true), ("/dev/sda1 / ext4", nil),
            ("UUID=0a0b /home ext4", nil), ("# UUID=0a0b / ext4", nil), ("#UUID=0a0b / ext4", nil), ("", nil),
            ("LABEL=x /boot ext4\n\n  UUID=0a0b  /  btrfs subvol=@", true), ("UUID=", nil), ("ID=1 / x", nil),
        ] as [(String, Bool?)])
    func theRoot(_ text: String, _ isNamed: Bool?) {
        #expect(FSTab(Array(text.utf8)).names(candidate) == isNamed)
    }
}
