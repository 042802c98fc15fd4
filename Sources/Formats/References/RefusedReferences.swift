/// Opens no file, whatever an image names.
package struct RefusedReferences: References {
    package init() {}

    package func open(_ reference: Reference) throws(ImageError) -> any Source {
        throw ImageError(.refused, "\(reference.text) is not opened")
    }
}
