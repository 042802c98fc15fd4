import TestSupport
import Testing

@testable import VitrineFormats

/// Names that are refused for themselves, whatever files exist, even if everything is allowed.
@Suite struct ReferenceNameTests {
    private func expectRefused(
        _ name: [UInt8], _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try ReferenceFolders.with { folders in
            for policy in [ReferencePolicy.none, .directory, .folders(["/"])] {
                let gate = try folders.gate(policy)
                for role in [Reference.Role.backingFile, .dataFile, .extent, .parent] {
                    gate.expect(
                        .refused, name, text.replacing("ROLE", with: role.rawValue), role,
                        sourceLocation: sourceLocation)
                }
            }
        }
        let error = #expect(throws: ImageError.self, sourceLocation: sourceLocation) {
            try RefusedReferences().open(Reference(.parent, name))
        }
        #expect(
            error?.description == text.replacing("ROLE", with: "parent"), sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        "nbd://localhost:10809/disk", "nbd:unix:/run/disk.sock", "fd:3", "C:base", "1:\\base", ":", "http:",
        "ba:se", "base:", "host_device:/dev/sda", "nbd+unix:///?socket=x",
    ])
    func protocols(_ name: String) throws {
        try expectRefused(
            Array(name.utf8),
            "ROLE \"\(name)\" has a name with ':' before any '/', like a protocol (nbd:); vitrine opens "
                + "files only by their paths")
    }

    @Test(arguments: [
        #"json:{"driver":"file","filename":"/etc/shadow"}"#, "json:", "json:{}/x",
    ])
    func json(_ name: String) throws {
        try expectRefused(
            Array(name.utf8),
            "ROLE \"\(name)\" has a json: name; vitrine opens files only by their paths")
    }

    @Test func empty() throws {
        try expectRefused([], "the ROLE has an empty name")
    }

    @Test(arguments: [
        ("base\0.raw", "base\\u{0}.raw", "0x0", 4), ("\0", "\\u{0}", "0x0", 0),
        ("a\nb", "a\\u{A}b", "0xa", 1), ("\u{1B}[2J", "\\u{1B}[2J", "0x1b", 0),
        ("base\u{7F}", "base\\u{7F}", "0x7f", 4),
        // What is to be shown is escaped; this is no reason to refuse it, but the tab is.
        ("\u{202E}\t", "\\u{202E}\\u{9}", "0x9", 3),
    ])
    func controlCharacters(_ name: String, _ shown: String, _ value: String, _ index: Int) throws {
        try expectRefused(
            Array(name.utf8),
            "ROLE \"\(shown)\" has the control character \(value) in its name, at byte \(index)")
    }

    @Test func tooLong() throws {
        for count in [1024, 1 << 20] {
            try expectRefused(
                [UInt8](repeating: UInt8(ascii: "x"), count: count),
                "ROLE \"\(String(repeating: "x", count: 32))…\" has a name of \(count) bytes; at most 1023 are accepted"
            )
        }
    }

    @Test func longestThereIs() throws {
        try ReferenceFolders.with { folders in
            let name = String(repeating: "./", count: 509) + "./bas"
            #expect(name.utf8.count == 1023)
            let gate = try folders.gate()
            gate.expect(
                .io, name,
                "backing file \"\(name)\": No such file or directory; "
                    + "the directory holds \"base\"", remedy: .saysWhereItIs)
            // Of a part of a name the system has its own limit.
            let part = String(repeating: "x", count: 1023)
            gate.expect(.io, part, "backing file \"\(part)\": File name too long")
        }
    }

    @Test func namesAreShownHarmless() throws {
        try ReferenceFolders.with { folders in
            try folders.gate().expect(
                .io, Array("\u{202E}ä".utf8) + [0xFF, 0x9B],
                "backing file \"\\u{202E}ä\\xFF\\x9B\": No such file or directory; "
                    + "the directory holds \"base\"", remedy: .saysWhereItIs)
        }
    }

    @Test func bytesFromImagesAreShownHarmless() {
        #expect(printable(Array("b\u{E4}se\u{1B}".utf8)) == "bäse\\u{1B}")
        // Cut off, overlong, a surrogate, not UTF-8 at all.
        #expect(printable([0x61, 0xC3]) == "a\\xC3")
        #expect(printable([0xC0, 0xAF, 0x62]) == "\\xC0\\xAFb")
        #expect(printable([0xED, 0xA0, 0x80]) == "\\xED\\xA0\\x80")
        #expect(printable([0xFF, 0x0A, 0x05]) == "\\xFF\\u{A}\\u{5}")
        #expect(printable([]) == "")
    }
}
