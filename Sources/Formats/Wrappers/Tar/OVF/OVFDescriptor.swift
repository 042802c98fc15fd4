/// The disks of an appliance, by its descriptor (DSP0243 2.1, 7.1 and 9.1).
struct OVFDescriptor {
    /// The largest size of a descriptor that is read, in bytes.
    static let maximumSize: UInt64 = 1 << 20

    /// The largest number of disks.
    static let maximumDisks = 4096

    /// The largest length of an attribute in bytes: that of a path in Linux. All disks may name one file, and its name
    /// is processed for each.
    static let maximumAttribute = 4096

    /// The largest number of disks that are listed.
    private static let maximumListed = 1024

    /// A disk that is stored in a file.
    struct Disk {
        var id: String

        /// The file's name, relative to the directory of the descriptor.
        var name: String

        /// The length in bytes of the file's pieces. Nil if it is in one piece.
        var chunkSize: UInt64?

        /// The compression of the file. Nil if it has none.
        var compression: String?

        /// The kind of file, as a URI.
        var format: String?

        /// The size of the disk, in bytes. Nil if it is missing, left to a property, or in an unknown form.
        var capacity: UInt64?

        /// The size and the format of the disk, which may be wrong.
        var record: RecordedDisk {
            RecordedDisk(
                place: "tar: the OVF descriptor", size: capacity,
                formats: format.flatMap(OVFDiskFormat.formats))
        }

        /// The file's name in bytes, with the escapes of URIs, such as `%20`, decoded.
        var unescapedName: [UInt8] {
            var bytes: [UInt8] = []
            var rest = Array(name.utf8)[...]
            while let byte = rest.popFirst() {
                // Checked first, as `UInt8` would accept a sign, which is no digit of a URI.
                if byte == UInt8(ascii: "%"), rest.count >= 2, rest.prefix(2).allSatisfy(Self.isHexDigit),
                    let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            }
            return bytes
        }

        private static func isHexDigit(_ byte: UInt8) -> Bool { Character(UnicodeScalar(byte)).isHexDigit }
    }

    /// The disks in order. A disk without a file, which starts empty, is left out.
    private(set) var disks: [Disk] = []

    /// Reads the descriptor `text`.
    ///
    /// Throws the errors of `XMLElements`, and `limit` if there are too many disks or an attribute is too long.
    init(_ text: [UInt8]) throws(ImageError) {
        let elements = try XMLElements(text, named: ["File", "Disk"]).elements
        for element in elements {
            for (name, value) in element.attributes where value.utf8.count > Self.maximumAttribute {
                throw ImageError(
                    .limit,
                    "\(printable(name)) of a \(element.name) takes \(value.utf8.count) bytes, more than \(Self.maximumAttribute)"
                )
            }
        }
        var files: [String: [String: String]] = [:]
        for element in elements where element.name == "File" {
            if let id = element.attributes["id"] { files[id] = element.attributes }
        }
        for element in elements where element.name == "Disk" {
            guard let id = element.attributes["fileRef"], let file = files[id], let name = file["href"] else {
                continue
            }
            guard disks.count < Self.maximumDisks else {
                throw ImageError(.limit, "there are more than \(Self.maximumDisks) disks")
            }
            disks.append(
                Disk(
                    id: element.attributes["diskId"] ?? id, name: name,
                    chunkSize: file["chunkSize"].flatMap { UInt64($0) },
                    compression: file["compression"].flatMap { $0.isEmpty || $0 == "identity" ? nil : $0 },
                    format: element.attributes["format"],
                    capacity: Self.capacity(element.attributes)))
        }
    }

    /// The size in bytes in a disk's `attributes`: a number of units. A unit is `byte * 2^30` or the like. Nil for the name
    /// of a property, such as `${size}`, whose value is chosen when the appliance is deployed (DSP0243, 9.1).
    private static func capacity(_ attributes: [String: String]) -> UInt64? {
        guard let number = attributes["capacity"].flatMap({ UInt64($0) }) else { return nil }
        let units = (attributes["capacityAllocationUnits"] ?? "byte").filter { $0 != " " }
        if units == "byte" { return number }
        guard units.hasPrefix("byte*2^"), let power = UInt64(units.dropFirst(7)), power < 64 else {
            return nil
        }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: 1 << power)
        return overflows ? nil : bytes
    }

    /// The properties of the disks.
    var properties: [Layer.Property] {
        let records = disks.prefix(Self.maximumListed).map { disk -> [Layer.Property] in
            [
                .init("id", "ID", .text(printable(disk.id))),
                .init("file", "file", .text(printable(disk.name))),
                .init("capacity", "capacity", disk.capacity.map { .bytes($0) } ?? .phrase("", nil)),
                .init("compression", "compression", .text(printable(disk.compression ?? "none"))),
                .init("format", "format", disk.format.map { .text(printable($0)) } ?? .phrase("", nil)),
            ]
        }
        return records.isEmpty
            ? [] : [.init("ovf-disks", "OVF disks", .records(records, total: UInt64(disks.count)))]
    }
}
