/// What a layer says of itself, before it is opened: known without opening any other file.
package struct Inspection: Sendable {
    /// The length in bytes of what the layer holds.
    package var size: UInt64

    /// What there is to say about it, for people and programs.
    package var properties: [Layer.Property]

    /// What the user should know before relying on it.
    package var warnings: [String]

    /// The files it names, all of which opening it takes.
    package var references: [Reference]

    /// What the layer calls the file that it holds, if it has a name for it: how it ends is a sign of its format.
    package var contentName: String?

    /// What the file that the layer holds is opened with, where that is something else than the layer itself was.
    package var contentContext: OpenContext?

    /// Whether there are several things that the layer could hold, and none was chosen: it is described, and opening it says what
    /// there is.
    package var isUndecided = false

    /// What takes a walk through the tables of a layer to say.
    package struct Details: Sendable {
        package var properties: [Layer.Property] = []
        package var warnings: [String] = []
    }

    /// Takes that walk, which only those pay for who ask for it.
    package var details: @Sendable () -> Details

    private let opening: @Sendable () throws(ImageError) -> any Source

    /// A layer that holds `size` bytes, once `open` has opened it.
    package init(
        size: UInt64, properties: [Layer.Property] = [], warnings: [String] = [],
        references: [Reference] = [], contentName: String? = nil,
        details: @escaping @Sendable () -> Details = { Details() },
        open: @escaping @Sendable () throws(ImageError) -> any Source
    ) {
        self.size = size
        self.properties = properties
        self.warnings = warnings
        self.references = references
        self.contentName = contentName
        self.details = details
        opening = open
    }

    /// A layer that is open already.
    package init(
        _ source: any Source, properties: [Layer.Property] = [], warnings: [String] = [],
        contentName: String? = nil, contentContext: OpenContext? = nil
    ) {
        self.init(
            size: source.size, properties: properties, warnings: warnings, contentName: contentName
        ) { source }
        self.contentContext = contentContext
    }

    /// A layer of `size` bytes of which several things could be opened, and none was chosen, which `error` says.
    package init(
        undecided error: ImageError, size: UInt64, properties: [Layer.Property], warnings: [String]
    ) {
        self.init(size: size, properties: properties, warnings: warnings) { () throws(ImageError) in
            throw error
        }
        isUndecided = true
    }

    /// Opens what the layer holds, and the files it names.
    ///
    /// Throws `unsupported` for what can be described but not read, such as an encrypted disk, and whatever
    /// the files it names throw.
    package func open() throws(ImageError) -> any Source { try opening() }
}
