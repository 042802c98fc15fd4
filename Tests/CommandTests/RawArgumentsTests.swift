import TestSupport
import Testing
import VitrineFormats

@testable import vitrine

@Suite struct RawArgumentsTests {
    @Test func noByteIsLost() {
        var random = SeededGenerator(seed: 11)
        // Those of the scalars that stand for bytes, and parts of them, more often than by chance.
        let pieces: [[UInt8]] = [
            [0xF4, 0x8F, 0xBE, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x8F], Array("Mü/\u{301}".utf8),
            [0xC3], [0xED, 0xA0, 0x80],
        ]
        for _ in 0..<5000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                bytes += pieces.randomElement(using: &random) ?? []
                bytes.append(UInt8.random(in: 1...255, using: &random))
            }
            #expect(SystemString(argument: RawArguments.string(bytes)).bytes == bytes)
        }
    }

    @Test(arguments: ["", "disk.img", "Mü/\u{301}.img", "\u{E000}\u{10FF7F}"])
    func textStaysAsItIs(_ text: String) {
        #expect(RawArguments.string(Array(text.utf8)).utf8.elementsEqual(text.utf8))
    }
}
