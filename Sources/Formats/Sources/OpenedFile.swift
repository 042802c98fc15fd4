/// A file that an image is read from: the one that the user named, or one that the image names.
package struct OpenedFile: Sendable {
    /// Its name in errors: the name of the image, or the reference to it.
    package let name: String

    package let file: FileSource

    /// A warning if another program is writing to it. Nil otherwise.
    var warning: String? {
        guard file.isOpenForWriting else { return nil }
        return "\(name) is in use: another program, such as qemu, has it open for writing, "
            + "and what is read may be old and new content mixed"
    }

    /// A warning if it has been written to since it was opened. Nil otherwise.
    package var change: String? {
        guard file.hasChanged else { return nil }
        return
            "\(name) has been written to since it was opened: what is read of it may be old and new content mixed"
    }
}
