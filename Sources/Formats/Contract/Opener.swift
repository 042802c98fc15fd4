/// Opens files of any format, for formats that hold or name them: no format knows another.
package protocol Opener: Sendable {
    /// The format that users call `name`.
    ///
    /// Throws `unsupported` if there is none that can be opened.
    func format(named name: String) throws(ImageError) -> Format

    /// True if `probe` is of a file whose content shows a format that can be opened.
    func recognises(_ probe: FileProbe) -> Bool

    /// True if files called `name` are disks, compressed or not, as far as names tell.
    func isNamedAsDisk(_ name: String) -> Bool

    /// Opens the disk in `file`, which `reference` names. Its outermost layer is of `format`; inner layers are detected.
    ///
    /// Notes the layers in the file of the references of `context`, and tells these the warnings.
    func disk(
        in file: any Source, _ reference: Reference, _ format: Format, _ context: OpenContext
    ) throws(ImageError) -> any Source
}
