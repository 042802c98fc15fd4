/// Opens the files that one file of an image names. It is given to the format of that file.
///
/// The names in an image are whatever somebody wrote into it, so the format does not decide whether they are opened.
package protocol References: Sendable {
    /// Opens the file that `reference` names, and the disk inside by its recorded format. A data file or an extent is taken as it is.
    ///
    /// Throws `refused` if the user has not allowed it, `limit` or `corrupt` if files name one another too often, and otherwise the same
    /// as opening an image. These errors name the file. Errors of later reads do not: the reader adds `reference.text` to them.
    func open(_ reference: Reference) throws(ImageError) -> any Source

    /// The name of the format of the disk in the file that `reference` names: the recorded one, or if there is none, the one that the
    /// user gave.
    ///
    /// Throws `refused` if there is neither. The format is not detected: a raw disk holds what its guest wrote, and that may be the
    /// head of an image that names any file.
    func formatName(of reference: Reference) throws(ImageError) -> String

    /// True if the user gave the path of the file that `reference` names. `open` then opens that file, wherever it is.
    func isGiven(_ reference: Reference) -> Bool

    /// Takes texts that the user should know of a file that was opened, a sentence each. Does not ask for them if nobody is told.
    func warn(_ warnings: @autoclosure () -> [String])

    /// The file whose references these are, in the tree of the image. Nil if no tree is kept.
    var file: ImageFile? { get }
}

extension References {
    package func formatName(of reference: Reference) throws(ImageError) -> String {
        guard let name = reference.format else { throw reference.hasNoFormat }
        return name
    }

    package func isGiven(_ reference: Reference) -> Bool { false }

    package func warn(_ warnings: @autoclosure () -> [String]) {}

    package var file: ImageFile? { nil }
}
