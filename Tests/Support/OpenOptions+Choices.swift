package import VitrineFormats

extension OpenOptions {
    /// Options with a snapshot, and a member of an archive.
    package init(engine: Engine = .shared, snapshot: String?, member: SystemString? = nil) {
        self.init(engine: engine, references: .directory)
        formatOptions.snapshot = snapshot
        formatOptions.member = member
    }

    /// Options with a member of an archive.
    package init(formats: [String] = [], member: SystemString?) {
        self.init(formats: formats, references: .directory)
        formatOptions.member = member
    }
}
