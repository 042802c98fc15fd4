import TestSupport
import Testing

@testable import VitrineFormats

/// Compares the content and description of images with those of qemu, whatever qemu has done to them.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct QCOW2PropertyTests {
    /// A failing test prints its seed, which makes the same image again.
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
