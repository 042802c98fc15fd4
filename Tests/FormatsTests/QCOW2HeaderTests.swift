import TestSupport
import Testing

@testable import VitrineFormats

/// Invalid headers of qcow2 images, each with its exact error.
@Suite struct QCOW2HeaderTests {
    struct Case: CustomStringConvertible, Sendable {
        let description: String
        let code: ImageError.Code
        let error: String
        let file: @Sendable () -> QCOW2File

        init(
            _ description: String, _ error: String, code: ImageError.Code = .corrupt,
            _ file: @escaping @Sendable () -> QCOW2File
        ) {
            self.description = description
            self.code = code
            self.error = error
            self.file = file
        }

        /// The usual image, changed in one place.
        init(
            _ value: some FixedWidthInteger & Sendable, at offset: Int, _ error: String,
            code: ImageError.Code = .corrupt
        ) {
            self.init("\(value) at \(offset)", error, code: code) {
                var file = QCOW2File()
                file.put(value, at: offset)
                return file
            }
        }
    }

    static let numbers: [Case] = [
        Case(UInt32(4), at: 4, "version at 4 is 4, expected 2 or 3", code: .unsupported),
        Case(UInt32(0), at: 4, "version at 4 is 0, expected 2 or 3", code: .unsupported),
        Case(UInt32(8), at: 20, "cluster_bits at 20 is 8, expected 9...21"),
        Case(UInt32(22), at: 20, "cluster_bits at 20 is 22, expected 9...21"),
        Case(UInt32.max, at: 20, "cluster_bits at 20 is 4294967295, expected 9...21"),
        Case(
            UInt64.max, at: 24,
            "size at 24 is 18446744073709551615, expected 0...9223372036854775807"),
        Case(
            UInt64(1) << 30, at: 24, "header: l1_size is 1, but a disk of 1073741824 bytes takes 2"),
        Case(
            UInt64(Int64.max), at: 24,
            "header: l1_size is 1, but a disk of 9223372036854775807 bytes takes 17179869184"),
        Case(UInt64(65_537), at: 8, "backing_file_offset at 8 is 65537, expected 0...65536"),
        Case(UInt32(3), at: 32, "crypt_method at 32 is 3, expected 0...2", code: .unsupported),
        Case(
            UInt32(1) << 31, at: 36, "header: l1_size is 2147483648, expected 4194304 at most", code: .limit),
        Case(UInt32(0), at: 36, "header: l1_size is 0, but a disk of 1048576 bytes takes 1"),
        Case(
            UInt32(20_000), at: 36,
            "header: the L1 table at 65536 takes 160000 bytes, but the end is at 196608"),
        Case(
            UInt64(65_537), at: 40,
            "header: l1_table_offset is 65537, expected a multiple of the cluster size, 65536"),
        Case(
            UInt64(1) << 63, at: 40,
            "header: the L1 table at 9223372036854775808 takes 8 bytes, but the end is at 196608"),
        Case(UInt32(96), at: 100, "header_length at 100 is 96, expected 104...65536"),
        Case(UInt32(65_544), at: 100, "header_length at 100 is 65544, expected 104...65536"),
        Case(UInt32(108), at: 100, "header_length at 100 is 108, expected a multiple of 8"),
        Case(
            UInt8(1), at: 104,
            "compression_type at 104 is 1, but the incompatible feature bit for it is not set"),
        Case(
            UInt64(8), at: 72,
            "compression_type at 104 is 0, but the incompatible feature bit for it is set"),
        Case(
            UInt64(1) << 5 | 1 << 63, at: 72,
            "incompatible_features at 72 is 0x8000000000000020: not known here: bit 5, bit 63",
            code: .unsupported),
        Case(
            UInt32(0xE279_2ACA), at: 112,
            "header extension 0xe2792aca at 112 has 4294967295 bytes of data, but there is room for 65416"),
    ]

    static let others: [Case] = [
        Case("header cut short", "header at 0 takes 72 bytes, but the end is at 71") {
            var file = QCOW2File()
            file.truncate(to: 71)
            return file
        },
        Case("header of version 3 cut short", "header at 0 takes 104 bytes, but the end is at 103") {
            var file = QCOW2File()
            file.truncate(to: 103)
            return file
        },
        Case(
            "name of the backing file too long", "backing_file_size at 16 is 1024, expected 0...1023"
        ) {
            var file = QCOW2File()
            file.put(UInt64(4096), at: 8)
            file.put(UInt32(1024), at: 16)
            return file
        },
        Case(
            "name of the backing file past its cluster", "backing_file_size at 16 is 17, expected 0...16"
        ) {
            var file = QCOW2File()
            file.put(UInt64(65_520), at: 8)
            file.put(UInt32(17), at: 16)
            return file
        },
        Case(
            "extended L2 with small clusters",
            "cluster_bits at 20 is 13, expected 14...21 with extended L2 entries"
        ) { QCOW2File(clusterBits: 13, incompatible: 1 << 4) },
        Case(
            "unknown compression", "compression_type at 104 is 2, expected 0 or 1", code: .unsupported
        ) { QCOW2File(compression: 2) },
        Case(
            "unknown feature with a name",
            "incompatible_features at 72 is 0x40: not known here: bit 6 (\"warp \\u{1B} drive\")",
            code: .unsupported
        ) {
            var file = QCOW2File(incompatible: 1 << 6)
            var offset = 112
            let name = Array("warp \u{1B} drive".utf8)
            file.addExtension(
                0x6803_F857, [0, 6] + name + [UInt8](repeating: 0, count: 46 - name.count), at: &offset)
            return file
        },
        Case("backing format too long", "backing format at 120 has 16 bytes, expected 15 at most") {
            var file = QCOW2File()
            var offset = 112
            file.addExtension(0xE279_2ACA, [UInt8](repeating: 97, count: 16), at: &offset)
            return file
        },
        Case(
            "crypto extension too short",
            "full disk encryption header pointer at 120 has 15 bytes, expected 16"
        ) {
            var file = QCOW2File()
            var offset = 112
            file.addExtension(0x0537_BE77, [UInt8](repeating: 0, count: 15), at: &offset)
            return file
        },
    ]

    @Test(arguments: numbers + others)
    func isRefused(_ broken: Case) throws {
        var file = broken.file()
        if broken.error.contains("4294967295 bytes of data") { file.put(UInt32.max, at: 116) }
        let opening = #expect(throws: ImageError.self) { try file.open() }
        #expect(opening?.description == "qcow2: " + broken.error)
        #expect(opening?.code == broken.code)
        let inspecting = #expect(throws: ImageError.self) { try file.inspect() }
        #expect(inspecting?.description == "qcow2: " + broken.error)
    }

    /// A header is read or refused, whatever its bytes are.
    @Test func everyByteMayBeWrong() throws {
        var random = SeededGenerator(seed: 11)
        for offset in 0..<160 {
            for value in [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)] {
                var file = QCOW2File()
                file.put([value], at: offset)
                guard let disk = try? file.open().disk, disk.size > 0 else { continue }
                // There is no data in it: zeroes are all that can be read, or an error.
                for range in [0..<min(disk.size, 5000), disk.size - min(disk.size, 5000)..<disk.size] {
                    guard let read = try? disk.bytes(at: range.lowerBound, count: range.count) else {
                        continue
                    }
                    #expect(read.allSatisfy { $0 == 0 }, "\(value) at \(offset)")
                }
                if let extent = try? disk.extent(in: 0..<disk.size) {
                    #expect(extent.kind != .data, "\(value) at \(offset)")
                }
                _ = try? disk.depth(in: 0..<disk.size)
            }
        }
    }

    @Test func unknownCompatibleFeaturesDoNotMatter() throws {
        var file = QCOW2File()
        file.put(UInt64.max, at: 80)
        file.put(UInt64.max & ~1, at: 88)
        #expect(try file.open().disk.bytes(at: 0, count: 1 << 20).allSatisfy { $0 == 0 })
    }

    @Test func conditionIsAWarning() throws {
        let file = QCOW2File(incompatible: 3)
        #expect(
            try file.open().warnings == [
                "qcow2: the image is marked as corrupt: some of the data may be wrong",
                "qcow2: the image was not closed properly; this does not affect reading",
            ])
    }

    @Test func refcountsDoNotMatter() throws {
        var file = QCOW2File()
        file.put(UInt32(7), at: 96)
        file.put(UInt64.max, at: 48)
        file.put(UInt32.max, at: 56)
        #expect(
            try file.open().warnings == [
                "qcow2: refcount_order at 96 is 7, expected 0...6; this does not affect reading"
            ])
    }

    @Test(arguments: [(UInt32(1), "AES"), (2, "LUKS")])
    func encryptedDiskIsDescribed(_ method: UInt32, _ name: String) throws {
        var file = QCOW2File()
        file.put(method, at: 32)
        let error = #expect(throws: ImageError.self) { try file.open() }
        #expect(
            error
                == ImageError(
                    .unsupported, "the disk is encrypted (\(name)): it can be described, but not read",
                    path: ["qcow2"]))
        let description = try file.inspect()
        #expect(description.size == 1 << 20)
        #expect(description.warnings == ["qcow2: the disk is encrypted (\(name))"])
        #expect(
            description.partitionTableReason?.description
                == "the disk cannot be opened: qcow2: the disk is encrypted (\(name)): it can be described, but not read"
        )
    }

    @Test func fileThatIsNoQCOW2() {
        let error = #expect(throws: ImageError.self) {
            try Image("disk", MemorySource([1, 2, 3, 4, 5, 6, 7, 8]), OpenOptions(formats: ["qcow2"]))
        }
        #expect(error?.description == "qcow2: magic at 0 is 01 02 03 04, expected 51 46 49 fb")
        #expect(error?.remedy == Remedy(.format, "raw", "takes the file as it is, if it is a raw disk"))
    }

    @Test func sizeIsExact() throws {
        for size in [1, 511, 513, 65_535, 65_537, 1_000_003] as [UInt64] {
            var file = QCOW2File(size: size)
            file.addData(0, [UInt8](repeating: 9, count: 65_536))
            let disk = try file.open().disk
            #expect(disk.size == size)
            let bytes = try disk.bytes(at: 0, count: Int(size))
            #expect(bytes.prefix(65_536).allSatisfy { $0 == 9 })
            #expect(bytes.dropFirst(65_536).allSatisfy { $0 == 0 })
            #expect(throws: ImageError.self) { try disk.bytes(at: size, count: 1) }
        }
        var file = QCOW2File(size: 0)
        file.put(UInt32(0), at: 36)
        #expect(try file.open().disk.size == 0)
    }
}
