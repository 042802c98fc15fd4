/// Opens the files that one file of an image names; given to its format.
///
/// What an image names is whatever somebody wrote into it: whether it is opened is not the format's affair.
package protocol References: Sendable {
    /// Opens the file that `reference` names, and the disk inside by its recorded format; a data file or an
    /// extent is taken as it is.
    ///
    /// Throws `refused` where the user has not allowed it, `limit` and `corrupt` where files name one another
    /// too often, and otherwise as opening an image does; the text names the file. Errors of later reads do
    /// not: to them the reader adds `reference.text`.
    func open(_ reference: Reference) throws(ImageError) -> any Source

    /// The name of the format of the disk in the file that `reference` names: what is recorded, or what the user gave instead.
    ///
    /// Throws `refused` if there is neither. The file is not asked: a raw disk holds what its guest wrote, and that may be the head
    /// of an image that names any file.
    func formatName(of reference: Reference) throws(ImageError) -> String

    /// Takes in what the user should know of a file that was opened, a sentence each; does not ask for it where nobody is told.
    func warn(_ warnings: @autoclosure () -> [String])

    /// Takes in what the disk in `file`, which `reference` names, is made of.
    func note(_ layers: [Layer], _ reference: Reference, _ file: any Source)
}

extension References {
    package func formatName(of reference: Reference) throws(ImageError) -> String {
        guard let name = reference.format else { throw reference.hasNoFormat }
        return name
    }

    package func warn(_ warnings: @autoclosure () -> [String]) {}

    package func note(_ layers: [Layer], _ reference: Reference, _ file: any Source) {}
}
