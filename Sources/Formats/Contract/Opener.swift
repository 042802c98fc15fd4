/// Opens files of any format, for formats that hold or name them: no format knows another.
package protocol Opener: Sendable {
    /// The format called `name`, as users call it.
    ///
    /// Throws `unsupported` if there is none that can be opened.
    func format(named name: String) throws(ImageError) -> Format

    /// True if `probe` looks at a file of a format that can be opened, by its content.
    func recognises(_ probe: FileProbe) -> Bool

    /// True if files called `name` are disks, compressed or not, as far as names tell.
    func isNamedAsDisk(_ name: String) -> Bool

    /// Opens the disk in `file`, which `reference` names, and whose outermost layer is of `format`; layers inside are detected.
    ///
    /// What the layers are, and warn of, is told to the references of `context`.
    func disk(
        in file: any Source, _ reference: Reference, _ format: Format, _ context: OpenContext
    ) throws(ImageError) -> any Source
}
