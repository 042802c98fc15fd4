/// A layer of a file that an image names, in which seeking gets faster once it is indexed.
package struct ReferencedLayer: Sendable {
    /// The role and the name of the file, and the formats down to the layer.
    package let title: String

    package let layer: any Indexable

    /// The size of the file, in bytes.
    package let fileSize: UInt64

    /// The indexable ones among `layers`, outermost first, of `file`, which `reference` names.
    static func all(_ layers: [Layer], _ reference: Reference, _ file: any Source) -> [ReferencedLayer] {
        layers.indices.compactMap { number in
            layers[number].indexable.map { layer in
                ReferencedLayer(
                    title: "\(reference.text): \(Layer.stack(Array(layers[...number])))", layer: layer,
                    fileSize: file.size)
            }
        }
    }
}
