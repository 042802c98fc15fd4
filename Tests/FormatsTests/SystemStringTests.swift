import Testing

@testable import VitrineFormats

@Suite struct SystemStringTests {
    private let strange = SystemString(bytes: [0x4D, 0xFC] + Array("nchen.img".utf8))

    @Test func whatIsNotUTF8IsShownInHexadecimal() {
        #expect(strange.description == "M\\xFCnchen.img")
        #expect(strange.text == "M\\xFCnchen.img")
        #expect(SystemString("Mü\u{1B}").description == "Mü\\u{1B}")
        #expect(SystemString("Mü\u{1B}").text == "Mü\u{1B}")
    }

    @Test func theSystemGetsTheBytes() {
        #expect(strange.terminated.map { UInt8(bitPattern: $0) } == strange.bytes + [0])
        #expect((strange + ".1").bytes == strange.bytes + Array(".1".utf8))
    }

    @Test(arguments: [
        ("a/b", "a/", "b"), ("b", "", "b"), ("/", "/", ""), ("a/", "a/", ""),
        // With the slash before it, a combining mark is one of Swift's characters.
        ("a/\u{301}b", "a/", "\u{301}b"),
    ])
    func pathsAreSplitByBytes(_ path: SystemString, _ folder: SystemString, _ name: SystemString) {
        #expect(path.splitAtLastSlash == (folder, name))
    }

    @Test(arguments: [("a/b.img", "b.img"), ("a//", "a"), ("/", "/"), ("", ""), ("a/\u{301}b", "\u{301}b")])
    func fileNames(_ path: SystemString, _ name: String) {
        #expect(path.fileName == name)
    }

    @Test func programsGetTheirArgumentsInOnePiece() {
        let arguments: [SystemString] = [strange, "", "ä b"]
        let copies = unsafe arguments.withArguments { pointers in
            var copies: [SystemString] = []
            for index in 0..<4 {
                guard let pointer = unsafe pointers[index] else { break }
                copies.append(unsafe SystemString(cString: pointer))
            }
            return copies
        }
        #expect(copies == arguments)
    }
}
