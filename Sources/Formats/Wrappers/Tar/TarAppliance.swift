/// The disks of an appliance in a tar archive (OVA), by its descriptor (DSP0243 2.1, 7.1).
struct TarAppliance {
    /// The name of the descriptor in the archive.
    let descriptorName: String

    /// The content of the descriptor. Nil if it cannot be read.
    private(set) var descriptor: OVFDescriptor?

    /// The files of the disks, in the order of the descriptor: members, and files that are stored in pieces.
    private(set) var disks: [TarMember] = []

    /// The sizes and formats of the disks, as the descriptor gives them, by the offsets of their files' headers. Of
    /// several disks in one file, those of the first.
    private(set) var records: [UInt64: RecordedDisk] = [:]

    private(set) var warnings: [String] = []

    /// The first error in finding the disks. Nil if all were found.
    private(set) var problem: ImageError?

    /// The appliance in `archive`. Nil if the archive holds no descriptor.
    init?(_ archive: TarArchive) {
        guard
            let member = archive.members.first(where: {
                $0.kind == .file && $0.baseName.suffix(4).elementsEqual(".ovf".utf8)
            })
        else { return nil }
        descriptorName = member.shownName
        do throws(ImageError) {
            guard member.size <= OVFDescriptor.maximumSize else {
                throw ImageError(
                    .limit, "it takes \(member.size) bytes, expected \(OVFDescriptor.maximumSize) at most")
            }
            let text = try archive.open(member).source.bytes(at: 0, count: Int(member.size))
            descriptor = try OVFDescriptor(text)
        } catch {
            warnings.append("the OVF descriptor \"\(member.shownName)\" is not made use of: \(error)")
        }
        guard let descriptor, !descriptor.disks.isEmpty else { return }
        var files = Files(archive, in: member.path.dropLast(member.baseName.count))
        for disk in descriptor.disks {
            do throws(ImageError) {
                let file = try files.find(disk)
                if !disks.contains(where: { $0.header == file.header }) {
                    disks.append(file)
                    records[file.header] = disk.record
                }
            } catch {
                problem = problem ?? error
            }
        }
    }

    /// The files of an archive, by their names.
    private struct Files {
        private let directory: ArraySlice<UInt8>
        private var members: [ArraySlice<UInt8>: TarMember] = [:]
        /// The members whose names end with a period and nine digits, by the name in front and the number.
        private var numbered: [ArraySlice<UInt8>: [UInt64: TarMember]] = [:]

        /// The largest number of pieces or versions examined for all disks together: many disks may share the same
        /// ones.
        private static let maximumParts = 1 << 20
        private var parts = 0

        init(_ archive: TarArchive, in directory: ArraySlice<UInt8>) {
            self.directory = directory
            for member in archive.members where member.kind == .file {
                members[member.path] = member
                let digits = member.path.suffix(9)
                let stem = member.path.dropLast(9)
                guard stem.last == UInt8(ascii: "."), digits.count == 9,
                    let number = PaxRecords.decimal(digits)
                else { continue }
                numbered[stem.dropLast(), default: [:]][number] = member
            }
        }

        /// The file of `disk`.
        mutating func find(_ disk: OVFDescriptor.Disk) throws(ImageError) -> TarMember {
            for name in [Array(disk.name.utf8), disk.unescapedName] {
                let path = directory + name
                let parts = numbered[path] ?? [:]
                self.parts += parts.count
                guard self.parts <= Self.maximumParts else {
                    throw ImageError(
                        .limit, "the disks of the OVF descriptor have more than \(Self.maximumParts) pieces")
                }
                if disk.chunkSize != nil, !parts.isEmpty { return try joined(path, parts, disk) }
                // Without a size of pieces, the numbered members are versions.
                if let member = members[path] ?? parts.max(by: { $0.key < $1.key })?.value { return member }
            }
            throw ImageError(
                .corrupt,
                "the OVF descriptor has disk \"\(printable(disk.id))\" in \"\(printable(disk.name))\", which is not there"
            )
        }

        /// The file at `path`, joined from the pieces in `parts`.
        private func joined(
            _ path: ArraySlice<UInt8>, _ parts: [UInt64: TarMember], _ disk: OVFDescriptor.Disk
        ) throws(ImageError) -> TarMember {
            var pieces: [TarMember] = []
            var size: UInt64 = 0
            for number in 0..<UInt64(parts.count) {
                guard let piece = parts[number] else {
                    throw ImageError(
                        .corrupt,
                        "piece \(number) of \"\(printable(path))\" is not there, though later ones are")
                }
                guard piece.size == disk.chunkSize || number + 1 == parts.count else {
                    throw ImageError(
                        .corrupt,
                        "piece \"\(piece.shownName)\" has \(piece.size) bytes, expected \(disk.chunkSize ?? 0)"
                    )
                }
                let (sum, overflows) = size.addingReportingOverflow(piece.size)
                guard !overflows, sum <= UInt64(Int64.max) else {
                    throw ImageError(
                        .corrupt, "the pieces of \"\(printable(path))\" take more than 2^63 bytes")
                }
                size = sum
                pieces.append(piece)
            }
            // An offset that no member has, as headers start at blocks.
            return TarMember(
                name: Array(path), kind: .file, header: pieces[0].header + 1, size: size,
                stored: pieces[0].stored, map: nil, pieces: pieces)
        }
    }
}
