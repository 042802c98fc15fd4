// Formats that are recognised but not read. Without them such a file would be
// taken for a raw disk, and its compressed bytes served as if they were one:
// what qemu-nbd and losetup do.

extension Format {
    static let foreign: [Format] = [
        foreign("gzip", ["gz"], starts: [0x1F, 0x8B, 0x08]),
        foreign("bzip2", ["bz2"]) {
            $0.starts(with: [0x42, 0x5A, 0x68]) && $0.count > 9 && isBzip2Block($0[4..<10])
        },
        foreign("zstd", ["zst"], starts: [0x28, 0xB5, 0x2F, 0xFD]),
        foreign("lzip", ["lz"], starts: [0x4C, 0x5A, 0x49, 0x50]),
        foreign("lzma", ["lzma"], recognises: isLZMAAlone),
        foreign("zip", ["zip"], starts: [0x50, 0x4B, 0x03, 0x04]),
        foreign("7z", ["7z"], starts: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
        foreign("vhdx", ["vhdx"], starts: Array("vhdxfile".utf8)),
        foreign("vhd", ["vhd"], starts: Array("conectix".utf8)),
        foreign("vdi", ["vdi"]) {
            $0.count > 0x44 && $0[0x40..<0x44].elementsEqual([0x7F, 0x10, 0xDA, 0xBE])
        },
    ]

    private static func foreign(
        _ name: String, _ extensions: [String], starts magic: [UInt8]
    ) -> Format {
        foreign(name, extensions) { $0.starts(with: magic) }
    }

    private static func foreign(
        _ name: String, _ extensions: [String], recognises: @escaping @Sendable ([UInt8]) -> Bool
    ) -> Format {
        Format(name: name, kind: .disk, extensions: extensions, recognises: recognises) {
            (_, _) throws(ImageError) in
            throw ImageError(
                .unsupported,
                "this format cannot be read yet; to use the file's own bytes as the disk, give --format raw")
        }
    }

    /// A block starts with the digits of pi, an empty stream ends with those of its square root.
    private static func isBzip2Block(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
            || bytes.elementsEqual([0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
    }

    /// A .lzma file has no magic. Like xz, this takes for one what has the usual properties, a
    /// dictionary size that encoders use, and a size that is unknown or below 256 GiB.
    private static func isLZMAAlone(_ head: [UInt8]) -> Bool {
        let fields = Fields(head, at: 0)
        guard head.count >= 14, head[0] < 225,
            let dictionary = try? fields.little("dictionary size", at: 1, as: UInt32.self),
            let size = try? fields.little("uncompressed size", at: 5, as: UInt64.self)
        else { return false }
        // 2^n or 2^n + 2^(n-1), from 4 KiB. The first byte of LZMA data is always 0.
        let shape = dictionary >> UInt32(dictionary.trailingZeroBitCount & 31)
        return dictionary >= 4096 && (shape == 1 || shape == 3) && (size == .max || size < 256 << 30)
            && head[0] == 0x5D && head[13] == 0
    }
}
