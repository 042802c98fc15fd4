/// A VMDK file whose header or descriptor has been read and checked.
struct VMDKImage: Sendable {
    let file: any Source
    let context: OpenContext

    /// The description of the disk. Nil if there is only a sparse extent.
    let descriptor: VMDKDescriptor?

    /// The extent in the file itself. Nil if the file holds only a descriptor. If there is an extent, the lines of the
    /// descriptor that name extents are ignored: they are wrong more often than not.
    let extent: SparseExtent?

    /// The size of the disk, in bytes.
    let size: UInt64

    /// The parent, which holds what the extents do not.
    let parent: Reference?

    private(set) var warnings: [String] = []

    var references: [Reference] {
        let extents = extent == nil ? descriptor?.extents.compactMap { Self.reference($0) } ?? [] : []
        return extents + [parent].compactMap(\.self)
    }

    /// Reads the header or the descriptor at the start of `file`.
    init(_ file: any Source, _ context: OpenContext) throws(ImageError) {
        self.file = file
        self.context = context
        let head = try FileProbe(of: file).head
        guard !head.starts(with: SESparseHeader.magic) else {
            throw ImageError(
                .unsupported,
                "this is an seSparse extent, which is only a part of a disk: open the descriptor that names "
                    + "it")
        }
        var warnings: [String] = []
        if head.starts(with: SparseExtentHeader.magic) {
            let header = try SparseExtentHeader(file)
            if header.isDescriptorOnly {
                descriptor = try Self.descriptor(of: file, header)
                extent = nil
            } else {
                do throws(ImageError) {
                    descriptor = try Self.descriptor(of: file, header)
                } catch {
                    descriptor = nil
                    warnings.append("the descriptor cannot be read: \(error.reason)")
                }
                extent = try SparseExtent(file, context)
            }
        } else if head.starts(with: COWDHeader.magic) {
            descriptor = nil
            extent = try SparseExtent(file, context)
        } else {
            descriptor = try Self.descriptor(file, head)
            extent = nil
        }
        warnings += extent?.warnings ?? []
        if extent != nil, descriptor?.isEmpty != false {
            let what = descriptor == nil ? "there is no descriptor" : "the descriptor is empty or damaged"
            warnings.append(
                "\(what): this may be only a part of a disk, or a snapshot whose parent is not recorded")
        }
        size = if let extent { extent.capacity } else { try Self.size(of: descriptor) }
        parent = try Self.parent(descriptor)
        self.warnings = warnings
        try checkContentID()
    }

    /// The descriptor in front of the data of `file`. Nil if there is none.
    private static func descriptor(
        of file: any Source, _ header: SparseExtentHeader
    ) throws(ImageError) -> VMDKDescriptor? {
        guard let place = header.descriptor else { return nil }
        return try VMDKDescriptor(
            try Fields(
                "descriptor", of: file, at: place.lowerBound,
                count: Int(place.upperBound - place.lowerBound)
            ).bytes)
    }

    /// The descriptor that makes up `file`, which starts with `head`.
    private static func descriptor(
        _ file: any Source, _ head: [UInt8]
    ) throws(ImageError) -> VMDKDescriptor {
        guard VMDKDescriptor.isDescriptor(head) else {
            throw ImageError(
                .corrupt,
                "this is neither a VMDK descriptor nor a sparse extent; if it is a flat extent, open the descriptor "
                    + "that names it",
                remedy: Remedy(.format, "raw", "takes the file as it is"))
        }
        guard file.size <= UInt64(VMDKDescriptor.maximumSize) else {
            throw ImageError(
                .limit,
                "the descriptor takes \(file.size) bytes, expected \(VMDKDescriptor.maximumSize) at most")
        }
        return try VMDKDescriptor(try file.bytes(at: 0, count: Int(file.size)))
    }

    /// The size of the disk in bytes, by its extents.
    private static func size(of descriptor: VMDKDescriptor?) throws(ImageError) -> UInt64 {
        var sectors: UInt64 = 0
        for extent in descriptor?.extents ?? [] {
            sectors += extent.sectors
            guard sectors <= UInt64(Int64.max) / 512 else {
                throw ImageError(.corrupt, "the extents take more than \(Int64.max) bytes together")
            }
        }
        guard sectors > 0 else { throw ImageError(.corrupt, "the descriptor names no extents") }
        return sectors * 512
    }

    // MARK: The parent

    private static func parent(_ descriptor: VMDKDescriptor?) throws(ImageError) -> Reference? {
        guard let descriptor else { return nil }
        if let identifier = descriptor.parentContentID {
            guard identifier != VMDKDescriptor.noParent else { return nil }
            guard descriptor.parentName != nil else {
                throw ImageError(
                    .corrupt, "parentCID is \(hex(identifier)), but there is no parentFileNameHint")
            }
        }
        return descriptor.parentName.map { name in
            Reference(.parent, name, format: "vmdk", contentID: descriptor.parentContentID)
        }
    }

    /// Throws `corrupt` if this image is opened as a parent, but is not the one that its child was made of, or has
    /// changed.
    private mutating func checkContentID() throws(ImageError) {
        guard let expected = context.contentID, descriptor?.contentID != expected else { return }
        let found = descriptor?.contentID.map { "is \(hex($0))" } ?? "is missing"
        let reason = "CID \(found), but the parentCID of the image that names it is \(hex(expected))"
        guard context.options.ignoresContentID else {
            throw ImageError(
                .corrupt,
                "\(reason): it has been written to since, or is another file",
                remedy: Remedy(.ignoreContentID, nil, "opens it all the same"))
        }
        warnings.append("\(reason), which is ignored")
    }

    // MARK: Opening

    /// Opens the disk and the files that the image names.
    func open() throws(ImageError) -> any Source {
        guard descriptor?.isEncrypted != true else {
            throw ImageError(
                .unsupported, "the disk is encrypted: it can be described, but not read")
        }
        guard descriptor?.isOnDevice != true || extent != nil else {
            throw ImageError(
                .refused,
                "the disk is on a device (\(printable(descriptor?.createType ?? ""))): it can be described, "
                    + "but vitrine opens no devices that an image names")
        }
        let parent = try parent.map { (reference) throws(ImageError) in
            Base(try open(reference), .backing, reference.text, of: "vmdk")
        }
        if let extent {
            let disk = extent.open(size, backing: parent, shares: context.chainLength, context.engine)
            if !extent.isStream { disk.warnOfShortfall(context) }
            return disk
        }
        var parts: [Base] = []
        var start: UInt64 = 0
        var tables = ExtentTables()
        for line in descriptor?.extents ?? [] where line.sectors > 0 {
            let range = start..<start + line.sectors * 512
            parts += try self.parts(line, try Self.part(of: parent, range), &tables)
            start = range.upperBound
        }
        return Concatenation(parts)
    }

    /// The part of `parent` in `range`. Nil if the parent ends before it.
    private static func part(
        of parent: Base?, _ range: Range<UInt64>
    ) throws(ImageError) -> Base? {
        guard let parent, range.lowerBound < parent.size else { return nil }
        return try parent.slice(range.clamped(to: 0..<parent.size))
    }

    /// The extent that `line` describes, and zeroes behind it if it is shorter than the line says. `tables` counts the
    /// memory of all extents.
    private func parts(
        _ line: VMDKExtent, _ backing: Base?, _ tables: inout ExtentTables
    ) throws(ImageError) -> [Base] {
        let size = line.sectors * 512
        guard let kind = line.kind else {
            throw ImageError(
                .unsupported,
                "the descriptor names an extent of type \"\(printable(line.type))\", which vitrine does not "
                    + "read")
        }
        if kind == .zero { return [zeroes(size)] }
        guard let reference = Self.reference(line) else {
            throw ImageError(.corrupt, "the descriptor names no file for a \(kind.rawValue) extent")
        }
        let file = try open(reference)
        if kind == .flat || kind == .vmfs {
            let flat = FlatExtent(file, from: line.offset * 512, size: size)
            context.references.warn(flat.shortfall.map { ["\(reference.text): \($0)"] } ?? [])
            return [Base(flat.source, .part, reference.text, of: "vmdk")]
        }
        var context = context
        context.indexes = context.indexes?.forReference(called: printable(reference.name))
        context.warn = { [warn = context.warn] in warn("\(reference.text): \($0)") }
        let extent = try inside(reference.text) { () throws(ImageError) in
            try SparseExtent(file, context)
        }
        try tables.add(extent)
        context.references.warn(extent.warnings.map { "\(reference.text): \($0)" })
        let held = min(size, extent.capacity)
        if extent.capacity != size {
            context.references.warn([
                "\(reference.text): it holds \(extent.capacity) bytes, but the descriptor says \(size)"
            ])
        }
        var parts: [Base] = []
        if held > 0 {
            let source = extent.open(
                held, backing: backing, shares: (descriptor?.extents.count ?? 1) * context.chainLength,
                context.engine)
            if !extent.isStream {
                context.references.warn(source.shortfall.map { "\(reference.text): \($0)" })
            }
            parts.append(Base(source, .part, reference.text, of: "vmdk"))
        }
        return held < size ? parts + [zeroes(size - held)] : parts
    }

    private func zeroes(_ size: UInt64) -> Base {
        Base(ZeroSource(size: size), .part)
    }

    private static func reference(_ line: VMDKExtent) -> Reference? {
        line.kind == .zero ? nil : line.name.map { Reference(.extent, $0) }
    }

    /// Opens the file that `reference` names. If an encoding is declared, tries the name in UTF-8 first, then the
    /// stored bytes.
    private func open(_ reference: Reference) throws(ImageError) -> any Source {
        if let encoding = descriptor?.encoding, let name = TextEncoding.utf8(reference.name, from: encoding),
            name != reference.name
        {
            var converted = reference
            converted.name = name
            do throws(ImageError) {
                return try context.references.open(converted)
            } catch {
                // The error is `io` if there is no such file.
                guard error.code == .io, let source = try? context.references.open(reference) else {
                    throw error
                }
                return source
            }
        }
        return try context.references.open(reference)
    }
}
