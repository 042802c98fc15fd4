extension Reference {
    /// How long a name may be, in bytes: as long as qcow2 has it.
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
        guard let end = name.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }),
            name[end] == UInt8(ascii: ":")
        else { return }
        // qemu would take these for a description of what to open, and for a protocol to open it by.
        if name[..<end].elementsEqual("json".utf8) {
            throw error(.refused, "is described by json:, which is never followed; only files are opened")
        }
        throw error(.refused, "has a ':' before any '/', as protocols do, in its name; only files are opened")
    }

    /// That it cannot be opened, as it `does` something.
    func error(_ code: ImageError.Code, _ does: String) -> ImageError {
        ImageError(code, "\(text) \(does)")
    }

    /// That files name files that name files too often.
    var isTooDeep: ImageError {
        error(
            .limit,
            "is not opened: no more than \(ReferenceGate.maximumDepth) files may each name the next")
    }

    /// That files name one another.
    var leadsBack: ImageError {
        error(.corrupt, "is the file that names it, or one that led there: the chain has no end")
    }

    /// That nobody says what is in the file.
    var hasNoFormat: ImageError {
        error(
            .refused,
            "is recorded without its format, and none is guessed: --reference-format FORMAT gives it")
    }
}
