/// The description of a layer before it is opened, made without opening any other file.
package struct Inspection: Sendable {
    /// The length of the layer's content in bytes. Nil if that is not known before all of it has been decoded.
    package var size: UInt64?

    /// The facts about it, for people and programs.
    package var properties: [Layer.Property]

    /// The texts that the user should know before relying on it.
    package var warnings: [String]

    /// The files it names. Opening it takes all of them.
    package var references: [Reference]

    /// The layer's name for the file that it holds, if it has one. Its extension is a sign of the file's format.
    package var contentName: String?

    /// The context that the file in the layer is opened with. Nil if it is the same as the layer's own.
    package var contentContext: OpenContext?

    /// True if the layer could hold several things, and none was chosen, or if looking into it takes too long for a description. It is
    /// described, and opening it throws an error that says why.
    package var isUndecided = false

    /// The facts that take a walk through the tables of a layer.
    package struct Details: Sendable {
        package var properties: [Layer.Property] = []
        package var warnings: [String] = []
    }

    /// Takes that walk. Only those who ask for it pay for it.
    package var details: @Sendable () -> Details

    private let opening: @Sendable () throws(ImageError) -> any Source

    /// A layer that holds `size` bytes. `open` opens it.
    package init(
        size: UInt64?, properties: [Layer.Property] = [], warnings: [String] = [],
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

    /// A layer of `size` bytes that is not opened: it could be as several things, and none was chosen, or it would take too long. The
    /// `error` says so.
    package init(
        undecided error: ImageError, size: UInt64?, properties: [Layer.Property], warnings: [String]
    ) {
        self.init(size: size, properties: properties, warnings: warnings) { () throws(ImageError) in
            throw error
        }
        isUndecided = true
    }

    /// Opens the layer's content, and the files it names.
    ///
    /// Throws `unsupported` for a layer that can be described but not read, such as an encrypted disk, and whatever the files it names
    /// throw.
    package func open() throws(ImageError) -> any Source { try opening() }
}
