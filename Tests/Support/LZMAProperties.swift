/// The three numbers that choose how LZMA models its data.
package struct LZMAProperties: Equatable, Sendable, CustomStringConvertible {
    /// How many high bits of the byte before it choose the model of a literal.
    package var lc: Int
    /// How many low bits of its position do.
    package var lp: Int
    /// How many low bits of the position choose the model of everything else.
    package var pb: Int

    /// As they stand in a file.
    package var byte: UInt8 { UInt8((pb * 5 + lp) * 9 + lc) }

    package var description: String { "lc=\(lc) lp=\(lp) pb=\(pb)" }

    /// What encoders choose where nothing else is asked of them, and anything else.
    package init(lc: Int = 3, lp: Int = 0, pb: Int = 2) {
        self.lc = lc
        self.lp = lp
        self.pb = pb
    }

    /// All that LZMA2 allows.
    package static let all = (0...4).flatMap { pb in
        (0...4).flatMap { lp in (0...4 - lp).map { lc in LZMAProperties(lc: lc, lp: lp, pb: pb) } }
    }
}
