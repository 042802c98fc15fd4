/// Reads the grain directory of a sparse extent, and as much of the redundant one as it needs.
struct GrainDirectory {
    /// Offsets of grain tables, in sectors.
    let table: L1Table

    /// The parts that had to be taken from the redundant directory, and other warnings.
    private(set) var warnings: [String] = []

    /// The header or footer that located the directory.
    let header: SparseExtentHeader

    /// Reads the directory of `file` by `header`, which is the footer if a stream has one.
    ///
    /// Throws `corrupt` if neither directory lies inside the file, and the errors of reading it.
    init(_ file: any Source, _ header: SparseExtentHeader) throws(ImageError) {
        self.header = header
        var primary: L1Table
        do throws(ImageError) {
            primary = try Self.read(file, header, at: header.directory, "gdOffset")
        } catch {
            guard header.hasRedundantDirectory else { throw error }
            do {
                table = try Self.read(file, header, at: header.redundantDirectory, "rgdOffset")
            } catch _ {
                throw error
            }
            warnings = [
                "vitrine uses the redundant grain directory, because it cannot read the other: \(error.reason)"
            ]
            return
        }
        let layout = header.layout
        let bad = primary.entries.indices.filter { !layout.isInside(primary.entries[$0], file) }
        if !bad.isEmpty, header.hasRedundantDirectory,
            let redundant = try? Self.read(file, header, at: header.redundantDirectory, "rgdOffset")
        {
            var replaced = 0
            for index in bad where layout.isInside(redundant.entries[index], file) {
                primary.entries[index] = redundant.entries[index]
                replaced += 1
            }
            if replaced > 0 {
                warnings.append(
                    "\(replaced) of \(primary.entries.count) grain tables lie past the end of the file: the redundant "
                        + "ones are used")
            }
        }
        table = primary
    }

    /// Reads the directory at `sector` of `file`, to which no header or footer leads. `warning` tells the user so.
    init(_ file: any Source, _ header: SparseExtentHeader, at sector: UInt64, warning: String)
        throws(ImageError)
    {
        self.header = header
        table = try Self.read(file, header, at: sector, "the grain directory's place")
        warnings = [warning]
    }

    /// Reads the directory at `sector` of `file`. `field` names the source of `sector` in errors.
    ///
    /// Throws `corrupt` if the directory passes the end of the file, and the errors of reading.
    static func read(
        _ file: any Source, _ header: SparseExtentHeader, at sector: UInt64, _ field: String
    ) throws(ImageError) -> L1Table {
        let count = header.layout.l1Count(header.capacity)
        guard sector != 0, sector <= file.size / 512, count * 4 <= file.size - sector * 512 else {
            throw ImageError(
                .corrupt,
                "\(field) is \(sector): a grain directory of \(count * 4) bytes there passes the end of the file at "
                    + "\(file.size)")
        }
        return try L1Table(file, at: sector * 512, count: Int(count), .little32)
    }
}
