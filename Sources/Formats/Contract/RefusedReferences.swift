/// The references of an image that was not opened by its path: no name in it has a meaning.
package struct RefusedReferences: References {
    package init() {}

    /// Throws `refused`.
    package func open(_ reference: Reference) throws(ImageError) -> any Source {
        try reference.requireFileName()
        throw reference.error(
            .refused, "is not opened: vitrine knows no directory of the image in which to look for it")
    }
}
