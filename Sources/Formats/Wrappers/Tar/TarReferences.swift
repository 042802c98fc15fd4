/// What an image in an archive opens files through: they are members of the archive too, beside it or below.
///
/// No name leads out of the archive, so no file is opened, and nothing needs the user's leave.
struct TarReferences: References {
    private let members: TarMembers
    /// What the archive was opened with.
    private let context: OpenContext
    private let directory: PathName
    /// Where the headers are of the member itself, and of those that led to it.
    private let chain: [UInt64]
    /// By what the member was named; nil for the image.
    private let text: String?

    /// What `member` of `archive` opens files through, which was opened with `context`.
    init(_ archive: TarArchive, _ member: TarMember, _ context: OpenContext) {
        self.init(TarMembers(archive), member, context, after: [])
    }

    private init(
        _ members: TarMembers, _ member: TarMember, _ context: OpenContext, after chain: [UInt64],
        text: String? = nil
    ) {
        self.text = text
        self.members = members
        self.context = context
        directory = PathName(PathName(member.name).names).directory
        self.chain = chain + [member.header]
    }

    func open(_ reference: Reference) throws(ImageError) -> any Source {
        try reference.requireFileName()
        guard chain.count <= Reference.maximumDepth else { throw reference.isTooDeep }
        let member = try find(reference)
        guard member.kind == .file else {
            throw reference.error(
                .refused, "is a \(member.kind.rawValue) in the archive; only regular files are opened")
        }
        guard !chain.contains(member.header) else { throw reference.leadsBack }
        let source = try members.open(member, reference)
        switch reference.role {
        case .dataFile, .extent: return source
        case .backingFile, .parent: return try disk(in: source, member, reference)
        }
    }

    /// The member that `reference` names, or the one beside the image with the last component of that name.
    private func find(_ reference: Reference) throws(ImageError) -> TarMember {
        let name = reference.path.flatMap { $0.isAbsolute || $0.leadsUp ? nil : $0 }
        if let name, let member = members.find(name.from(directory)) { return member }
        if let last = reference.lastComponent, let member = members.find(PathName([last]).from(directory)),
            member.kind == .file, !chain.contains(member.header)
        {
            warn([reference.isReplaced(by: "member \"\(member.shownName)\"")])
            return member
        }
        guard name != nil else {
            throw reference.error(
                .refused,
                "is not opened: names in an archive are those of members in the same directory of it, or below"
            )
        }
        throw ImageError(.io, "there is no such member in the archive", path: [reference.text])
    }

    /// The disk in `member`, which is `source`.
    private func disk(
        in source: any Source, _ member: TarMember, _ reference: Reference
    ) throws(ImageError) -> any Source {
        let name = try formatName(of: reference)
        let references = TarReferences(members, member, context, after: chain, text: reference.text)
        let content = context.forReference(
            reference, references, chainLength: context.chainLength + chain.count)
        return try inside(reference.text) { () throws(ImageError) in
            let format = try context.opener.format(named: name)
            return try context.opener.disk(in: source, reference, format, content)
        }
    }

    func formatName(of reference: Reference) throws(ImageError) -> String {
        try context.references.formatName(of: reference)
    }

    func warn(_ warnings: @autoclosure () -> [String]) {
        context.references.warn(warnings().map { warning in text.map { "\($0): \(warning)" } ?? warning })
    }

    func note(_ layers: [Layer], _ reference: Reference, _ file: any Source) {
        context.references.note(layers, reference, file)
    }
}
