package import Foundation
package import VitrineFormats

/// Opens any file in one folder.
package struct FolderReferences: References {
    private let folder: URL
    private let engine: Engine

    package init(_ folder: URL, _ engine: Engine) {
        self.folder = folder
        self.engine = engine
    }

    package func open(_ reference: Reference) throws(ImageError) -> any Source {
        let name = String(decoding: reference.name, as: UTF8.self)
        return try inside(name) { () throws(ImageError) in
            let file = try FileSource(path: folder.appending(path: name).path)
            if reference.role == .dataFile || reference.role == .extent { return file }
            guard let format = reference.format else {
                throw ImageError(.refused, "its format is not recorded")
            }
            var context = OpenContext(engine: engine, opener: Registry(), references: self)
            context.contentID = reference.contentID
            return try Format.named(format).inspect(file, context).open()
        }
    }
}
