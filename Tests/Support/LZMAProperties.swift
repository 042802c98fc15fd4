/// The three numbers that choose the models of LZMA data.
package struct LZMAProperties: Equatable, Sendable, CustomStringConvertible {
    /// The number of high bits of the previous byte that choose a literal's model.
    package var lc: Int
    /// The number of low bits of a literal's position that choose its model.
    package var lp: Int
    /// The number of low bits of the position that choose the model of everything else.
    package var pb: Int

    /// The properties as stored in a file.
    package var byte: UInt8 { UInt8((pb * 5 + lp) * 9 + lc) }

    package var description: String { "lc=\(lc) lp=\(lp) pb=\(pb)" }

    /// Creates properties. The defaults are those that encoders choose if nothing else is asked of them.
    package init(lc: Int = 3, lp: Int = 0, pb: Int = 2) {
        self.lc = lc
        self.lp = lp
        self.pb = pb
    }

    /// All properties that LZMA2 allows.
    package static let all = (0...4).flatMap { pb in
        (0...4).flatMap { lp in (0...4 - lp).map { lc in LZMAProperties(lc: lc, lp: lp, pb: pb) } }
    }
}
