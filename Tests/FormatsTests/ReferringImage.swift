import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// An image in a format made up for tests, which names other files in text: a role, a format (`-` if none is recorded)
/// and a name in each line. The disk is the content of the last file, or the text itself if it names none.
enum ReferringImage {
    static let format = Format(
        name: "referring", kind: .disk, extensions: [], recognises: { $0.has("backing file ") }
    ) { (file, context) throws(ImageError) in
        var disk = file
        let text = try file.bytes(at: 0, count: Int(file.size))
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let reference = reference(in: line) else { break }
            disk = try context.references.open(reference)
        }
        return Inspection(disk, warnings: ["is made up"])
    }

    /// The formats, and this one.
    struct Opener: VitrineFormats.Opener {
        private let registry = Registry()

        func format(named name: String) throws(ImageError) -> Format {
            name == ReferringImage.format.name ? ReferringImage.format : try registry.format(named: name)
        }

        func recognises(_ probe: FileProbe) -> Bool { registry.recognises(probe) }

        func isNamedAsDisk(_ name: String) -> Bool { registry.isNamedAsDisk(name) }

        func disk(
            in file: any Source, _ reference: Reference, _ format: Format, _ context: OpenContext
        ) throws(ImageError) -> any Source {
            try registry.disk(in: file, reference, format, context)
        }
    }

    /// A line that names a file.
    static func line(_ name: String, _ role: Reference.Role = .backingFile, format: String = "referring")
        -> String
    {
        "\(role.rawValue) \(format) \(name)\n"
    }

    private static func reference(in line: ArraySlice<UInt8>) -> Reference? {
        for role in [Reference.Role.backingFile, .dataFile, .extent, .parent] {
            guard line.starts(with: role.rawValue.utf8) else { continue }
            let rest = line.dropFirst(role.rawValue.utf8.count + 1)
            let format = rest.prefix { $0 != UInt8(ascii: " ") }
            let name = Array(rest.dropFirst(format.count + 1))
            return Reference(
                role, name,
                format: format == [UInt8(ascii: "-")] ? nil : String(decoding: format, as: UTF8.self))
        }
        return nil
    }

    /// The gate of the image at `path`, as `Image.open` makes it.
    static func gate(_ path: String, _ options: OpenOptions = OpenOptions()) throws -> ReferenceGate {
        let (folder, name) = Directory.split(SystemString(path))
        let directory = try Directory(path: folder)
        let file = try directory.file(named: name)
        return try ReferenceGate(directory, name, file.stamp()?.identity, options, opener: Opener())
    }

    /// The disk of the image at `path`.
    static func open(_ path: String, _ options: OpenOptions = OpenOptions()) throws -> any Source {
        let references = try gate(path, options).imageReferences
        return try format.inspect(
            FileSource(path: path), OpenContext(engine: .shared, opener: Registry(), references: references)
        )
        .open()
    }
}

extension Source {
    /// All of the disk, as text.
    var text: String {
        get throws { String(decoding: try bytes(at: 0, count: Int(size)), as: UTF8.self) }
    }
}

extension ReferenceGate {
    /// The content of the file called `name`, which the image says is raw.
    func text(of name: String, _ role: Reference.Role = .backingFile) throws -> String {
        try imageReferences.open(Reference(role, Array(name.utf8), format: "raw")).text
    }

    /// Expects that the file called `name` is not opened, with the error `text` and `remedy`.
    func expect(
        _ code: ImageError.Code, _ name: String, _ text: String, _ role: Reference.Role = .backingFile,
        format: String? = "raw", remedy: Remedy? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        expect(
            code, Array(name.utf8), text, role, format: format, remedy: remedy,
            sourceLocation: sourceLocation)
    }

    func expect(
        _ code: ImageError.Code, _ name: [UInt8], _ text: String, _ role: Reference.Role = .backingFile,
        format: String? = "raw", remedy: Remedy? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: ImageError.self, sourceLocation: sourceLocation) {
            try imageReferences.open(Reference(role, name, format: format))
        }
        #expect(error?.description == text, sourceLocation: sourceLocation)
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.remedy == remedy, sourceLocation: sourceLocation)
    }
}

extension Remedy {
    /// The remedy for a file that lies outside the allowed directories.
    static let anotherDirectory = Remedy(.allowedDirectories, "DIR", "allows another directory")
}

/// A folder `images` with an image called `overlay` and files around it, in a temporary folder.
struct ReferenceFolders {
    let top: URL
    var images: URL { top.appending(path: "images") }
    var image: String { images.path + "/overlay" }

    static func with<Result>(_ body: (ReferenceFolders) throws -> Result) throws -> Result {
        try withTemporaryFolder { top in
            let folders = ReferenceFolders(top: top)
            for name in ["images", "images/sub", "other"] {
                try FileManager.default.createDirectory(
                    at: top.appending(path: name), withIntermediateDirectories: false)
            }
            _ = try folders.images.file("overlay", "the image")
            _ = try folders.images.file("base", "inside")
            _ = try folders.images.file("sub/deep", "deep inside")
            _ = try top.file("secret", "outside")
            _ = try top.file("other/base", "other")
            return try body(folders)
        }
    }

    /// Makes a symbolic link at `path`, below the top.
    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: top.path + "/" + path, withDestinationPath: target)
    }

    func gate(_ policy: ReferencePolicy = .directory) throws -> ReferenceGate {
        try ReferringImage.gate(image, OpenOptions(references: policy))
    }
}

extension ReferenceGate {
    /// The references of an image of which nothing else matters.
    var imageReferences: any References { references(of: ImageFile("image", MemorySource([0]))) }
}
