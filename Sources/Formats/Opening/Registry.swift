/// The list of formats. Adding one takes a folder for it, and its name in `known`.
package struct Registry: Opener {
    package init() {}

    package func format(named name: String) throws(ImageError) -> Format { try Format.named(name) }

    package func recognises(_ probe: FileProbe) -> Bool {
        Format.known.contains { $0.name != Format.raw.name && $0.recognises(probe) }
    }

    package func isNamedAsDisk(_ name: String) -> Bool {
        var parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)[...]
        while parts.count > 2, let last = parts.last,
            Self.has(String(last), { $0.kind == .wrapper && !$0.hasMembers })
        {
            parts = parts.dropLast()
        }
        return parts.count > 1 && parts.last.map { Self.has(String($0)) { $0.kind == .disk } } ?? false
    }

    /// True if a format that `isMeant` has the file name extension `name`.
    private static func has(_ name: String, _ isMeant: (Format) -> Bool) -> Bool {
        Format.all.contains { isMeant($0) && $0.extensions.contains(name) }
    }

    package func disk(
        in file: any Source, _ reference: Reference, _ format: Format, _ context: OpenContext
    ) throws(ImageError) -> any Source {
        let stack = try LayerStack(nil, file, [format], context)
        context.references.file?.note(stack.layers)
        context.references.warn(stack.warnings)
        return try stack.openDisk()
    }
}

extension Format {
    /// The formats that can be opened. Raw takes anything, so it is last.
    package static let known: [Format] = [.xz, .gzip, .tar, .qcow2, .qcow1, .vmdk, .raw]

    /// All formats, in the order of probing.
    package static let all: [Format] = known.dropLast() + Format.foreign + [.raw]

    /// The format of the file that `probe` looks at, which is called `name`.
    package static func detect(_ probe: FileProbe, name: String?) -> Format {
        let byContent = all.first { $0.recognises(probe) } ?? .raw
        guard byContent.name == raw.name, let name = name?.lowercased() else { return byContent }
        return all.first { $0.extensions.contains { name.hasSuffix("." + $0) } } ?? byContent
    }

    /// The format called `name`, of those that can be opened.
    package static func named(_ name: String) throws(ImageError) -> Format {
        guard let format = known.first(where: { $0.name == name }) else {
            throw ImageError(
                .unsupported,
                "there is no format \"\(printable(name))\"; known are \(known.map(\.name).joined(separator: ", "))"
            )
        }
        return format
    }
}
