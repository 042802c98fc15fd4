import TestSupport
import Testing

@testable import VitrineFormats

/// Whatever qemu has done to an image, what is read in it, and what is said of it, is what qemu reads and says.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct QCOW2PropertyTests {
    /// Where one fails, its seed is said, and makes the same image again.
    @Test(arguments: (1...30).map { RandomQCOW2(seed: $0) })
    func readsAsInQemu(_ plan: RandomQCOW2) throws {
        try withTemporaryFolder { folder in
            let made = try plan.made(in: folder)
            try DiskChecks.expectSameAsQemu(made.image)
            for (name, content) in made.snapshots {
                try DiskChecks.expect(
                    DiskChecks.open(made.image.url, snapshot: name).disk, reads: content)
            }
        }
    }
}
