/// Reads the grain directory of a sparse extent, or as much of the redundant one as it takes.
struct GrainDirectory {
    /// Offsets of grain tables, in sectors.
    let table: L1Table

    /// What had to be taken from the redundant directory, and what else is to be said.
    private(set) var warnings: [String] = []

    /// By which it was found.
    let header: SparseExtentHeader

    /// That of `file`, by `header`, which is its footer in a stream.
    ///
    /// Throws `corrupt` where neither directory lies inside the file, and what reading it throws.
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
            warnings = ["the redundant grain directory is used, as the other cannot be: \(error.reason)"]
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

    /// The one at `sector` of `file`, where nothing leads to it, with `header`; `warning` says so.
    init(_ file: any Source, _ header: SparseExtentHeader, at sector: UInt64, warning: String)
        throws(ImageError)
    {
        self.header = header
        table = try Self.read(file, header, at: sector, "the grain directory's place")
        warnings = [warning]
    }

    /// The directory at `sector` of `file`, by what `field` says.
    ///
    /// Throws `corrupt` where it passes the end of the file, and what reading throws.
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
