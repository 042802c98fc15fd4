import Foundation
import Testing
import TestSupport

/// QEMU's tools, nbd-client and fio.
@Suite struct OtherClientsTests {
    @Test(.needs(.qemuImg, .sfdisk, .xz), arguments: TestDisk.Form.allCases)
    func qemuImgFindsNoDifference(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared()
        let compared = try withServer(disk.file(form)) {
            try Tool.qemuImg.run("compare", "-f", "raw", "-F", "raw", $0.uri, disk.raw.path)
        }
        #expect(compared.status == 0, "\(compared.errors)")
        #expect(compared.output == "Images are identical.\n")
    }

    /// URIs in the form of QEMU's manual.
    @Test(.needs(.qemuImg, .sfdisk, .xz), arguments: TestDisk.Form.allCases)
    func qemuImgConvertsByTCP(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared()
        try withServer(disk.file(form), "-p", "\(freePort())") { server in
            let copy = server.folder.appending(path: "out.qcow2").path
            let converted = try Tool.qemuImg.run(
                "convert", "nbd:localhost:\(server.port)", "-O", "qcow2", copy)
            #expect(converted.status == 0, "\(converted.errors)")
            let compared = try Tool.qemuImg.run("compare", "-f", "qcow2", "-F", "raw", copy, disk.raw.path)
            #expect(compared.output == "Images are identical.\n", "\(compared.errors)")
        }
    }

    @Test(.needs(.qemuImg, .sfdisk, .xz))
    func qemuImgSeesTheHolesOfAPartition() throws {
        struct Extent: Decodable {
            var start: Int
            var zero: Bool
        }
        let map = try withServer(TestDisk.shared().raw) {
            try Tool.qemuImg.run("map", "--output=json", "-f", "raw", $0.uri(of: "p2"))
        }
        #expect(map.status == 0, "\(map.errors)")
        let extents = try JSONDecoder().decode([Extent].self, from: map.data)
        #expect(extents.map(\.start).prefix(4) == [0, 1 << 20, 2 << 20, 5 << 20])
        #expect(extents.map(\.zero).prefix(4) == [true, false, true, false])
    }

    @Test(.needs(.qemuIO, .sfdisk, .xz), arguments: TestDisk.Form.allCases)
    func qemuIOFindsThePattern(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared().file(form)
        let read = try withServer(disk) {
            try Tool.qemuIO.run(
                "-r", "-f", "raw", "-c", "r -P 0xa5 2m 1m", "-c", "r -P 0xa5 2097663 511", "-c",
                "r -P 0 3m 3m",
                $0.uri)
        }
        #expect(read.status == 0, "\(read.output)\(read.errors)")
        #expect(!read.output.contains("failed"))
        // Were the pattern not looked at, this would succeed too.
        let wrong = try withServer(disk) {
            try Tool.qemuIO.run("-r", "-f", "raw", "-c", "r -P 0xa6 2m 1m", $0.uri)
        }
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("Pattern verification failed"))
    }

    @Test(.needs(.nbdClient, .sfdisk, .xz))
    func nbdClientListsTheExports() throws {
        let listed = try withServer(TestDisk.shared().xz, "-p", "0", "-e", "disk") {
            try Tool.nbdClient.run("-l", "localhost", "\($0.port)")
        }
        #expect(listed.status == 0, "\(listed.errors)")
        #expect(
            listed.output.split(separator: "\n").suffix(4) == [
                ": disk.raw.xz: raw in xz, 12 MiB, 2 partitions",
                "disk: disk.raw.xz: raw in xz, 12 MiB, 2 partitions",
                "p1: partition 1: EFI System, \"boot\", 4 MiB at 1 MiB",
                "p2: partition 2: Linux filesystem, \"root\", 6 MiB at 5 MiB",
            ])
    }

    @Test(.needs(.fio, .sfdisk, .xz), arguments: TestDisk.Form.allCases)
    func fioReadsWithoutErrors(_ form: TestDisk.Form) throws {
        struct Report: Decodable {
            struct Job: Decodable {
                struct Reads: Decodable {
                    var total_ios: Int
                }
                var error: Int
                var read: Reads
            }
            var jobs: [Job]
        }
        try withServer(TestDisk.shared().file(form)) { server in
            let job = try server.folder.file(
                "job",
                """
                [global]
                ioengine=nbd
                uri=\(server.uri)
                rw=randread
                bs=4k
                size=\(TestDisk.size)
                iodepth=8
                number_ios=1000
                [reads]

                """)
            let output = server.folder.appending(path: "report")
            // fio leaves files behind in the working directory unless it is told where.
            let run = try Tool.fio.run(
                "--output-format=json", "--output=\(output.path)", "--aux-path=\(server.folder.path)",
                job.path)
            #expect(run.status == 0, "\(run.errors)")
            let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: output))
            #expect(report.jobs.map(\.error) == [0])
            #expect(report.jobs.map(\.read.total_ios) == [1000])
        }
    }
}
