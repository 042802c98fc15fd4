extension Reference {
    /// The longest name, in bytes: as long as in qcow2.
    static let maximumNameLength = 1023

    /// Throws `refused` unless the name is that of a file, and of nothing else that some program knows how to open.
    func requireFileName() throws(ImageError) {
        guard !name.isEmpty else { throw ImageError(.refused, "the \(role.rawValue) has an empty name") }
        guard name.count <= Self.maximumNameLength else {
            throw error(
                .refused, "has a name of \(name.count) bytes; at most \(Self.maximumNameLength) are accepted")
        }
        if let index = name.firstIndex(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw error(
                .refused, "has the control character \(hex(name[index])) in its name, at byte \(index)")
        }
        guard !isWindowsPath, let scheme, !scheme.elementsEqual("file".utf8) else { return }
        // qemu would take `json:` for a description of what to open, and any other scheme for a protocol to open it by.
        if scheme.elementsEqual("json".utf8) {
            throw error(.refused, "has a json: name; vitrine opens files only by their paths")
        }
        throw error(
            .refused,
            "has a name with ':' before any '/', like a protocol (nbd:); vitrine opens files only by their "
                + "paths")
    }

    /// The text before a ':' that comes before any '/'. Nil if there is none.
    private var scheme: ArraySlice<UInt8>? {
        guard let end = name.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }),
            name[end] == UInt8(ascii: ":")
        else { return nil }
        return name[..<end]
    }

    /// True if the name starts with a drive of Windows: `D:\` or `D:/`.
    private var isWindowsPath: Bool {
        guard let scheme, let letter = scheme.first, scheme.count == 1, name.count > 2 else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter | 0x20)
            && [UInt8(ascii: "\\"), UInt8(ascii: "/")].contains(name[2])
    }

    /// The path that the name is, without the `file:` that qemu may put in front. Nil for a path on a drive of Windows: only its last
    /// component means anything here.
    var path: PathName? {
        if isWindowsPath { return nil }
        guard let scheme, scheme.elementsEqual("file".utf8) else { return PathName(name) }
        return PathName(Array(name[(scheme.endIndex + 1)...]))
    }

    /// The last component of the name, which `/` and `\` separate. Nil if that is no file's.
    var lastComponent: [UInt8]? {
        let start = name.lastIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }.map { $0 + 1 }
        var last = name[(start ?? 0)...]
        if start == nil, let scheme { last = name[(scheme.endIndex + 1)...] }
        return last.isEmpty || last.elementsEqual(".".utf8) || last.elementsEqual("..".utf8)
            ? nil : Array(last)
    }

    /// The error that it cannot be opened, because it `does` something.
    func error(_ code: ImageError.Code, _ does: String, remedy: Remedy? = nil) -> ImageError {
        ImageError(code, "\(text) \(does)", remedy: remedy)
    }

    /// The error that too many files each name the next.
    var isTooDeep: ImageError {
        error(
            .limit,
            "is not opened: at most \(Self.maximumDepth) files may form a chain, each naming the next")
    }

    /// The error that files name one another.
    var leadsBack: ImageError {
        error(.corrupt, "is already part of the chain of files that leads to it, so the chain has no end")
    }

    /// The error that neither the image nor the user says which format the file has.
    var hasNoFormat: ImageError {
        error(
            .refused, "is recorded without its format, and vitrine guesses none",
            remedy: Remedy(.referenceFormat, "FORMAT", "gives it"))
    }

    /// The warning that a file found elsewhere, `place`, is taken for it.
    func isReplaced(by place: String) -> String {
        "\(text) was not found: vitrine uses \(place) instead"
    }
}

extension Remedy {
    /// The remedy for a backing file or parent that was not found.
    static var saysWhereItIs: Remedy { Remedy(.backingFile, "PATH", "says where it is") }
}
