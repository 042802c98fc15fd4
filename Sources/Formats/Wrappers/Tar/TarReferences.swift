/// Opens the files that an image inside an archive names: other members of that archive, beside the image or below.
///
/// No name leads out of the archive, so no file of the system is opened, and the user need not allow anything. Only the
/// user can give a file outside of it.
struct TarReferences: References {
    private let members: TarMembers
    /// The context in which the archive was opened.
    private let context: OpenContext
    private let directory: PathName
    /// The offsets of the headers of the member itself and of those that led to it.
    private let chain: [UInt64]
    /// The text that named the member. Nil for the image.
    private let text: String?
    let file: ImageFile?

    /// Opens files for `member` of `archive`, which was opened with `context`.
    init(_ archive: TarArchive, _ member: TarMember, _ context: OpenContext) {
        self.init(TarMembers(archive), member, context, after: [], context.references.file)
    }

    private init(
        _ members: TarMembers, _ member: TarMember, _ context: OpenContext, after chain: [UInt64],
        _ file: ImageFile?, text: String? = nil
    ) {
        self.text = text
        self.file = file
        self.members = members
        self.context = context
        directory = PathName(PathName(member.name).names).directory
        self.chain = chain + [member.header]
    }

    func open(_ reference: Reference) throws(ImageError) -> any Source {
        if isGiven(reference) { return try context.references.open(reference) }
        try reference.requireFileName()
        guard chain.count <= Reference.maximumDepth else { throw reference.isTooDeep }
        let member = try find(reference)
        guard member.kind == .file else {
            throw reference.error(
                .refused, "is a \(member.kind.rawValue) in the archive; only regular files are opened")
        }
        guard !chain.contains(member.header) else { throw reference.leadsBack }
        let (content, isFirst) = try members.open(member, reference, recovers: context.options.recovers)
        if isFirst { warn(content.warnings.map { "\(reference.text): \($0)" }) }
        switch reference.role {
        case .dataFile: return content.source
        // A VMDK finds out by itself what its extents lack.
        case .extent: return try content.present()
        case .backingFile, .parent: return try disk(in: content, member, reference)
        }
    }

    /// A file that the user gives for the image itself leaves the archive, and so do those that it names. So no member that
    /// another one names is given.
    func isGiven(_ reference: Reference) -> Bool {
        chain.count == 1 && context.references.isGiven(reference)
    }

    /// The member that `reference` names. Otherwise, the one beside the image with the last component of that name.
    private func find(_ reference: Reference) throws(ImageError) -> TarMember {
        let name = reference.path.flatMap { $0.isAbsolute || $0.leadsUp ? nil : $0 }
        if let name, let member = members.find(name.from(directory)) { return member }
        if let last = reference.lastComponent, let member = members.find(PathName([last]).from(directory)),
            member.kind == .file, !chain.contains(member.header)
        {
            warn([reference.isReplaced(by: "member \"\(member.shownName)\"")])
            return member
        }
        let remedy: Remedy? = reference.role.isOfChain ? .saysWhereItIs : nil
        guard name != nil else {
            throw reference.error(
                .refused,
                "is not opened: names in an archive are those of members in the same directory of it, or below",
                remedy: remedy)
        }
        throw ImageError(
            .io, "there is no such member in the archive", path: [reference.text], remedy: remedy)
    }

    /// Opens the disk in `member`, whose content is `found`.
    private func disk(
        in found: TarContent, _ member: TarMember, _ reference: Reference
    ) throws(ImageError) -> any Source {
        let name = try formatName(of: reference)
        let opened = ImageFile(reference.text, found.source)
        file?.add(opened)
        let references = TarReferences(
            members, member, context, after: chain, opened, text: reference.text)
        var content = context.forReference(
            reference, references, chainLength: context.chainLength + chain.count)
        content.firstMissing = found.firstMissing
        return try inside(reference.text) { () throws(ImageError) in
            let format = try context.opener.format(named: name)
            return try context.opener.disk(in: found.source, reference, format, content)
        }
    }

    func formatName(of reference: Reference) throws(ImageError) -> String {
        try context.references.formatName(of: reference)
    }

    func warn(_ warnings: @autoclosure () -> [String]) {
        context.references.warn(warnings().map { warning in text.map { "\($0): \(warning)" } ?? warning })
    }
}
