/// Opens the files that an image names, as far as the user allows it.
package protocol References: Sendable {
    /// Opens the file `reference` names, and the disk inside by its recorded format; a data file or an
    /// extent is taken as it is.
    ///
    /// Throws `refused` where it is not allowed to, and what opening throws otherwise.
    func open(_ reference: Reference) throws(ImageError) -> any Source
}
