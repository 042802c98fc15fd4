import VitrineFormats

extension ImageError {
    /// The whole text for the user of the command: with the option that would help, if there is one.
    var words: String { description + advice }

    /// The text that follows the description: the option that would help. Empty if there is none.
    var advice: String { remedy.map { "; \($0.words)" } ?? "" }
}

extension Remedy {
    /// The option of the command, its value, and what it does: `--recover serves these`.
    fileprivate var words: String {
        (["--\(setting.option)"] + (value.map { [$0] } ?? []) + [effect]).joined(separator: " ")
    }
}

extension Remedy.Setting {
    /// The long name of the option that sets it.
    var option: String {
        switch self {
        case .format: "format"
        case .recover: "recover"
        case .member: "member"
        case .memory: "memory"
        case .backingFile: "backing-file"
        case .allowedDirectories: "allow-references"
        case .referenceFormat: "reference-format"
        case .ignoreContentID: "ignore-cid"
        case .sectorSize: "sector-size"
        }
    }
}

/// The text of `error` for the user of the command.
func words(_ error: any Error) -> String { (error as? ImageError)?.words ?? "\(error)" }
