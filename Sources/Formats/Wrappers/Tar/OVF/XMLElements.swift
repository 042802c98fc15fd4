import CExpat

/// The elements of an XML document that have one of the given names, read by expat.
///
/// A document type declaration is refused: entities are declared there, and nothing else in it is needed.
final class XMLElements {
    /// An element: its name and attributes, all without the prefix of their namespace.
    struct Element {
        var name: String
        var attributes: [String: String]
    }

    private(set) var elements: [Element] = []
    private let names: [String]
    private var hasDocumentType = false

    /// Reads the document `bytes`, in UTF-8, UTF-16 or another encoding that expat knows. Keeps the elements called one
    /// of `names`.
    ///
    /// Throws `corrupt` if the document is not well-formed, `refused` if it declares a document type.
    init(_ bytes: [UInt8], named names: [String]) throws(ImageError) {
        self.names = names
        guard let parser = unsafe XML_ParserCreate(nil) else {
            throw ImageError(.limit, "there is no memory for reading XML")
        }
        defer { unsafe XML_ParserFree(parser) }
        // Unretained: `self` lives as long as the parser, which calls nobody after this function has returned.
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        unsafe XML_SetStartElementHandler(parser) { state, name, attributes in
            guard let state = unsafe state, let name = unsafe name else { return }
            unsafe Unmanaged<XMLElements>.fromOpaque(state).takeUnretainedValue().add(name, attributes)
        }
        unsafe XML_SetStartDoctypeDeclHandler(parser) { state, _, _, _, _ in
            guard let state = unsafe state else { return }
            unsafe Unmanaged<XMLElements>.fromOpaque(state).takeUnretainedValue().hasDocumentType = true
        }
        // Parsed in parts, so that only the beginning of a document type is read.
        for start in stride(from: 0, to: max(bytes.count, 1), by: Self.partSize) {
            let part = bytes[start..<min(start + Self.partSize, bytes.count)]
            let isLast: Int32 = part.endIndex == bytes.count ? 1 : 0
            let status = unsafe part.withUnsafeBytes { part in
                unsafe XML_Parse(parser, part.baseAddress, Int32(part.count), isLast)
            }
            guard !hasDocumentType else {
                throw ImageError(.refused, "there is a document type declaration (<!DOCTYPE): it is not read")
            }
            guard status != XML_STATUS_ERROR else {
                let text = unsafe XML_ErrorString(XML_GetErrorCode(parser)).map { unsafe String(cString: $0) }
                throw ImageError(
                    .corrupt,
                    "line \(unsafe XML_GetCurrentLineNumber(parser)) is not well-formed XML: \(text ?? "unknown")"
                )
            }
        }
    }

    private static let partSize = 1024

    private func add(
        _ name: UnsafePointer<XML_Char>, _ attributes: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?
    ) {
        let name = unsafe Self.localName(name)
        guard names.contains(name) else { return }
        var element = Element(name: name, attributes: [:])
        var index = 0
        // Names and values alternate. Nil ends them.
        while let key = unsafe attributes?[index], let value = unsafe attributes?[index + 1] {
            element.attributes[unsafe Self.localName(key)] = unsafe String(cString: value)
            index += 2
        }
        elements.append(element)
    }

    private static func localName(_ text: UnsafePointer<XML_Char>) -> String {
        let name = unsafe String(cString: text)
        return name.split(separator: ":").last.map(String.init) ?? name
    }
}
