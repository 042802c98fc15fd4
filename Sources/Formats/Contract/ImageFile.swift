import Synchronization

/// A file that an image is read from, with the layers in it and the files that it names.
///
/// The file that the user named is the root of a tree, which lives as long as the image.
package final class ImageFile: Sendable {
    private struct State {
        var layers: [Layer] = []
        var references: [ImageFile] = []
    }

    /// Its name in messages: that of the image, or the role and the name by which another file names it.
    package let name: String

    /// Its content. A member of an archive is a part of another file.
    package let source: any Source

    /// The file or device of the system. Nil for a member of an archive.
    package let file: FileSource?

    private let state = Mutex(State())

    /// The file that messages call `name`, before anything is known of it.
    package init(_ name: String, _ source: any Source) {
        self.name = name
        self.source = source
        file = source as? FileSource
    }

    // MARK: The tree

    /// The layers in it, outermost first. Empty if it is read as it is.
    package var layers: [Layer] { state.withLock { $0.layers } }

    /// The files that it names, in the order in which they were opened.
    package var references: [ImageFile] { state.withLock { $0.references } }

    /// It and all files below, each before those that it names.
    package var all: [ImageFile] { [self] + references.flatMap(\.all) }

    /// Notes the layers that were found in it.
    package func note(_ layers: [Layer]) { state.withLock { $0.layers = layers } }

    /// Adds a file that it names.
    package func add(_ reference: ImageFile) { state.withLock { $0.references.append(reference) } }

    // MARK: Indexes

    /// The layers in which seeking gets faster once they are indexed: its own, outermost first, then those of the files it names.
    package var indexables: [(file: ImageFile, stack: String, layer: any Indexable)] {
        let layers = layers
        let own = layers.indices.compactMap { number in
            layers[number].indexable.map { (self, Layer.stack(Array(layers[...number])), $0) }
        }
        return own + references.flatMap(\.indexables)
    }

    // MARK: Changes

    /// A warning if another program is writing to it. Nil otherwise.
    package var warning: String? {
        guard let file, file.isOpenForWriting else { return nil }
        return "\(name) is in use: another program, such as qemu, has it open for writing, "
            + "and what is read may be old and new content mixed"
    }

    /// A warning if it has been written to since it was opened. Nil otherwise.
    package var change: String? {
        guard let file, file.hasChanged else { return nil }
        return
            "\(name) has been written to since it was opened: what is read of it may be old and new content mixed"
    }
}
