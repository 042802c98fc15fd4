import Testing

@testable import VitrineFormats

/// The text that describes a volume group.
struct LVMParserTests {
    private func parse(_ text: String) throws(ImageError) -> LVMSection {
        try LVMParser.parse(Array(text.utf8))
    }

    private func error(_ text: String) -> String {
        do throws(ImageError) {
            _ = try parse(text)
            return "none"
        } catch {
            return error.reason
        }
    }

    @Test func values() throws {
        let section = try parse(
            """
            # "a" = {
            number = -42 # 1
            real=1.5
            text = "a \\"b\\" \\\\ # c"
            list = ["a", 1 ,
              2]\u{C}empty = []
            one-2.3+_ { inner { x = 1 } y=2}
            """)
        #expect(throws: ImageError.self) { try section.integer("number", in: 0...UInt64.max) }
        #expect(section.optionalText("text") == "a \"b\" \\ # c")
        #expect(section.list("list") == [.text("a"), .integer(1), .integer(2)])
        #expect(section.list("empty").isEmpty)
        #expect(section.sections.map(\.name) == ["one-2.3+_"])
        let inner = try #require(section.section("one-2.3+_")?.section("inner"))
        #expect(try inner.integer("x", in: 0...1) == 1)
        #expect(try section.sections[0].content.integer("y", in: 2...2) == 2)
        #expect(throws: ImageError.self) { try section.integer("real", in: 0...9) }
        #expect(throws: ImageError.self) { try section.text("number") }
    }

    @Test func flags() throws {
        let section = try parse("a = [\"X\", \"Y\"] b = \"X\" c = []")
        #expect(section.has("X", in: "a"))
        #expect(section.has("X", in: "b"))
        #expect(!section.has("Y", in: "b"))
        #expect(!section.has("X", in: "c"))
        #expect(!section.has("X", in: "d"))
    }

    @Test func theTextEndsAtItsFirstNUL() throws {
        #expect(try LVMParser.parse(Array("a = 1".utf8) + [0] + Array("}".utf8)).integer("a", in: 1...1) == 1)
        #expect(try LVMParser.parse([]).sections.isEmpty)
    }

    @Test(
        arguments: [
            ("a", "the end at byte 1 of the text is not what follows a name"),
            ("a = ", "the end at byte 4 of the text is not the start of a value"),
            ("a = x", "\"x\" at byte 4 of the text is not the start of a value"),
            ("a = 9223372036854775808 b", "the end at byte 25 of the text is not what follows a name"),
            ("a = 1-2", "\"1\" at byte 4 of the text is not the start of a value"),
            ("a = [1 2]", "\"2\" at byte 7 of the text is not what follows a value of a list"),
            ("a = [1,]", "\"]\" at byte 7 of the text is not the start of a value"),
            ("a = [[1]]", "\"[\" at byte 5 of the text is not the start of a value"),
            ("a = \"x", "the text ends inside quotation marks"),
            ("a = \"x\\", "the text ends inside quotation marks"),
            ("a {", "the text ends inside a section"),
            ("}", "\"}\" at byte 0 of the text is not the start of a name"),
            ("a { } }", "\"}\" at byte 6 of the text is not the start of a name"),
            ("é = 1", "\"\\xC3\" at byte 0 of the text is not the start of a name"),
            ("a = 1 a = 1", "a at byte 6 is there for the second time"),
            ("a = 1 a { }", "a at byte 6 is there for the second time"),
        ])
    func damage(_ text: String, _ reason: String) {
        #expect(error(text) == reason)
    }

    @Test func limits() {
        let deep = String(repeating: "a { ", count: 9)
        #expect(error(deep).hasSuffix("is inside more than 8 sections"))
        let many = "a = [" + Array(repeating: "1", count: 1 << 18).joined(separator: ",") + "]"
        #expect(error(many).hasSuffix("comes after 262144 names and values"))
        #expect(error(String(repeating: "a", count: 1 << 20) + "={").utf8.count < 200)
    }
}
