// Formats that are recognised but not read. Without them such a file would be taken for a raw disk, and its bytes served as if
// they were one, as qemu-nbd and losetup do.
//
// The magic numbers come from the formats' own documents, from file(1), and from the programs that write them.

extension Format {
    static let foreign: [Format] = compressed + disks

    /// Compressed streams, and archives that disks come in.
    private static let compressed: [Format] = [
        foreign(.wrapper, "bzip2", ["bz2"]) {
            $0.has("BZh") && $0.head.count > 9 && isBzip2Block($0.head[4..<10])
        },
        foreign(.wrapper, "zstd", ["zst"]) {
            $0.has([0x28, 0xB5, 0x2F, 0xFD]) || isSkippable($0, before: [0x28, 0xB5, 0x2F, 0xFD])
        },
        foreign(.wrapper, "lz4", ["lz4"]) {
            // The frame format; the legacy one; and frames that decoders skip, which zstd has too.
            $0.has([0x04, 0x22, 0x4D, 0x18]) || $0.has([0x02, 0x21, 0x4C, 0x18])
                || isSkippable($0, before: nil)
        },
        foreign(.wrapper, "lzip", ["lz"], starts: Array("LZIP".utf8)),
        foreign(.wrapper, "lzop", ["lzo"], starts: [0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A]),
        foreign(.wrapper, "lrzip", ["lrz"], starts: Array("LRZI".utf8)),
        foreign(.wrapper, "compress", ["z"]) {
            $0.has([0x1F, 0x9D]) && $0.head.count > 2 && isCompressMode($0.head[2])
        },
        foreign(.wrapper, "lzma", ["lzma"]) { isLZMAAlone($0.head) },
        foreign(.wrapper, "zip", ["zip"], starts: [0x50, 0x4B, 0x03, 0x04]),
        foreign(.wrapper, "7z", ["7z"], starts: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
        foreign(.wrapper, "rar", ["rar"], starts: [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07]),
    ]

    /// Disk images, and backups of disks.
    private static let disks: [Format] = [
        foreign(.disk, "vhdx", title: "VHDX", ["vhdx"], starts: Array("vhdxfile".utf8)),
        // A dynamic one has its footer at the start, too; a fixed one only at its end.
        // (Virtual Hard Disk Image Format Specification 1.0: the cookie, and the version of the format.)
        foreign(.disk, "vhd", title: "VHD", ["vhd"]) {
            $0.has("conectix")
                || $0.endsWithSector("conectix") && $0.tail?[12..<16].elementsEqual([0, 1, 0, 0]) == true
        },
        foreign(.disk, "vdi", title: "VDI", ["vdi"]) { $0.has([0x7F, 0x10, 0xDA, 0xBE], at: 0x40) },
        foreign(.disk, "qed", title: "QED", ["qed"], starts: [0x51, 0x45, 0x44, 0x00]),
        foreign(.disk, "ewf", title: "EWF (E01)", ["e01"]) {
            $0.has([0x45, 0x56, 0x46, 0x09, 0x0D, 0x0A, 0xFF, 0x00])
                || $0.has([0x45, 0x56, 0x46, 0x32, 0x0D, 0x0A, 0x81, 0x00])
        },
        foreign(.disk, "aff", title: "AFF", ["aff"]) {
            $0.has([0x41, 0x46, 0x46, 0x31, 0x30, 0x0D, 0x0A, 0x00])
        },
        foreign(.disk, "vma", title: "Proxmox's VMA", ["vma"], starts: [0x56, 0x4D, 0x41, 0x00]),
        // Apple's disk images (.dmg) have a trailer; encrypted ones a header, or one at the end in their first version.
        foreign(.disk, "udif", title: "Apple's UDIF (.dmg)", []) {
            $0.endsWithSector("koly\0\0\0\u{4}\0\0\u{2}\0") || $0.has("encrcdsa")
                || $0.tail?.suffix(8).elementsEqual("cdsaencr".utf8) == true
        },
        foreign(
            .disk, "android-sparse", title: "Android's sparse images", ["simg"],
            starts: [0x3A, 0xFF, 0x26, 0xED]),
        foreign(.disk, "partclone", []) { $0.has("partclone-image") },
        foreign(.disk, "partimage", []) { $0.has("PaRtImAgE-VoLuMe") },
        foreign(.disk, "parallels", title: "Parallels", []) {
            $0.has("WithoutFreeSpace") || $0.has("WithouFreSpacExt")
        },
        foreign(.disk, "bochs", title: "Bochs", []) { $0.has("Bochs Virtual HD Image") },
        foreign(.disk, "cloop", ["cloop"]) {
            $0.has("#!/bin/sh\n#V2.0 Format\n") || $0.has("#!/bin/sh\n#V3.0 Format\n")
        },
        foreign(.disk, "wim", title: "WIM", ["wim", "esd"], starts: Array("MSWIM\0\0\0".utf8)),
    ]

    private static func foreign(
        _ kind: Kind, _ name: String, title: String? = nil, _ extensions: [String], starts magic: [UInt8]
    ) -> Format {
        foreign(kind, name, title: title, extensions) { $0.has(magic) }
    }

    private static func foreign(
        _ kind: Kind, _ name: String, title: String? = nil, _ extensions: [String],
        recognises: @escaping @Sendable (FileProbe) -> Bool
    ) -> Format {
        Format(name: name, title: title, kind: kind, extensions: extensions, recognises: recognises) {
            (_, _) throws(ImageError) in
            throw ImageError(
                .unsupported, "this format cannot be read yet",
                remedy: Remedy(.format, "raw", "takes the file's own bytes as the disk"))
        }
    }

    /// True for the digits of pi, which start a block, and those of its square root, which end an empty stream.
    private static func isBzip2Block(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
            || bytes.elementsEqual([0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
    }

    /// True if the file starts with a frame that decoders skip (Zstandard, RFC 8878, section 3.1.2; LZ4 has the same). If `magic` is
    /// given, a frame that starts with it must follow.
    private static func isSkippable(_ probe: FileProbe, before magic: [UInt8]?) -> Bool {
        guard probe.head.count >= 8, probe.head[0] & 0xF0 == 0x50, probe.has([0x2A, 0x4D, 0x18], at: 1),
            let length = try? Fields(probe.head, at: 0).little("length", at: 4, as: UInt32.self)
        else { return false }
        guard let magic else { return true }
        return length < FileProbe.headSize && probe.has(magic, at: 8 + Int(length))
    }

    /// True for the third byte of compress(1)'s format: 9 to 16 bits a code, in blocks or not.
    private static func isCompressMode(_ byte: UInt8) -> Bool {
        (9...16).contains(byte & 0x1F) && byte & 0x60 == 0
    }

    /// True if `head` looks like a .lzma file, which has no magic. Like xz, it takes files with the usual properties, a dictionary
    /// size that encoders use, and a size that is unknown or below 256 GiB.
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
