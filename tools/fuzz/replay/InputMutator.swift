import TestSupport

/// Makes inputs of others, always the same ones for a seed.
struct InputMutator {
    /// In bytes: larger ones take longer, and lead nowhere else.
    private static let maximumSize = 65_536

    private let inputs: [[UInt8]]
    /// Where each of them has other bytes than 0: most of an image is zeroes, and what counts is elsewhere.
    private let places: [[Int]]
    private var random: SeededGenerator

    /// One that makes them of `inputs`, of which there is at least one.
    init(_ inputs: [[UInt8]], seed: UInt64) {
        self.inputs = inputs
        places = inputs.map { input in input.indices.filter { input[$0] != 0 } }
        random = SeededGenerator(seed: seed)
    }

    mutating func next() -> [UInt8] {
        let index = number(0...inputs.count - 1)
        var input = inputs[index]
        for _ in 0..<number(1...6) { change(&input, near: places[index]) }
        return Array(input.prefix(Self.maximumSize))
    }

    private mutating func change(_ input: inout [UInt8], near places: [Int]) {
        guard !input.isEmpty else {
            input = [UInt8(number(0...255))]
            return
        }
        var place = number(0...input.count - 1)
        if number(0...3) != 0, let near = places.randomElement(using: &random) {
            place = min(max(near + number(-8...8), 0), input.count - 1)
        }
        // Most fields are short.
        let run = place..<min(place + number(1...(number(0...7) == 0 ? 512 : 8)), input.count)
        switch number(0...9) {
        case 0: input[place] ^= 1 << UInt8(number(0...7))
        case 1: input[place] &+= number(0...1) == 0 ? 1 : 0xFF
        case 2: input[place] = UInt8(number(0...255))
        case 3: fill(&input, run, with: 0)
        case 4: fill(&input, run, with: 0xFF)
        case 5: fill(&input, run, with: number(0...1) == 0 ? 0x7F : 0x80)
        case 6: input.removeLast(input.count - place)
        case 7: input.removeSubrange(run)
        case 8: input.insert(contentsOf: piece(run.count), at: place)
        default:
            // From here on another one: what lies at the same place often means the same.
            input.replaceSubrange(place..., with: other().dropFirst(place))
        }
    }

    private func fill(_ input: inout [UInt8], _ run: Range<Int>, with byte: UInt8) {
        for index in run { input[index] = byte }
    }

    /// Up to `count` bytes from somewhere in one of the inputs.
    private mutating func piece(_ count: Int) -> ArraySlice<UInt8> {
        let input = other()
        return input.dropFirst(number(0...input.count)).prefix(count)
    }

    private mutating func other() -> [UInt8] { inputs.randomElement(using: &random) ?? [] }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
}
