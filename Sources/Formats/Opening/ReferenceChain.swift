/// Opens the files that one file of an image names, and remembers the chain that led to that file.
struct ReferenceChain: References {
    let file: ImageFile?
    private let gate: ReferenceGate
    private let place: ReferencePath
    /// The file itself, and those that led to it.
    private let files: Set<FileIdentity>
    private let depth: Int
    /// The text of the reference that named the file. Nil for the image.
    private let text: String?

    /// The references of `file`, which lies at `place`, and is `depth` references away from the image. `text` is that of the last of
    /// them.
    init(
        _ gate: ReferenceGate, _ file: ImageFile?, _ place: ReferencePath, files: Set<FileIdentity>,
        depth: Int,
        text: String? = nil
    ) {
        self.gate = gate
        self.file = file
        self.place = place
        self.files = files
        self.depth = depth
        self.text = text
    }

    func open(_ reference: Reference) throws(ImageError) -> any Source {
        guard depth < Reference.maximumDepth else { throw reference.isTooDeep }
        switch reference.role {
        case .dataFile, .extent:
            return try openFile(reference).source
        case .backingFile, .parent:
            let name = try formatName(of: reference)
            let format = try inside(reference.text) { () throws(ImageError) in
                try gate.context.opener.format(named: name)
            }
            let (source, references) = try openFile(reference)
            return try inside(reference.text) { () throws(ImageError) in
                let context = gate.context.forReference(reference, references, chainLength: depth + 2)
                return try gate.context.opener.disk(in: source, reference, format, context)
            }
        }
    }

    func warn(_ warnings: @autoclosure () -> [String]) {
        gate.warn(warnings().map { warning in text.map { "\($0): \(warning)" } ?? warning })
    }

    func formatName(of reference: Reference) throws(ImageError) -> String {
        guard let name = reference.format ?? gate.referenceFormat else { throw reference.hasNoFormat }
        return name
    }

    func isGiven(_ reference: Reference) -> Bool {
        reference.role.isOfChain && gate.hasBackingFile(at: depth)
    }

    /// Opens the file as it is. Returns it, and the references that it opens files through in turn.
    private func openFile(
        _ reference: Reference
    ) throws(ImageError) -> (source: FileSource, references: ReferenceChain) {
        let opened = try find(reference)
        var files = files
        if let identity = opened.identity, !files.insert(identity).inserted { throw reference.leadsBack }
        let child = ImageFile(opened.name ?? reference.text, opened.file)
        file?.add(child)
        return (
            opened.file,
            ReferenceChain(gate, child, opened.place, files: files, depth: depth + 1, text: reference.text)
        )
    }

    /// Finds the file. If the user has named it, returns that name too.
    private func find(
        _ reference: Reference
    ) throws(ImageError) -> (
        file: FileSource, identity: FileIdentity?, place: ReferencePath, name: String?
    ) {
        if isGiven(reference), let given = try gate.openBackingFile(at: depth) { return given }
        let opened = try gate.open(reference, from: place, after: files)
        return (opened.file, opened.identity, opened.place, nil)
    }
}
