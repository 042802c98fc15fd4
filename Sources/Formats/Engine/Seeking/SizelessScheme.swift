/// A file with one block, which does not tell the size of its data.
protocol SizelessScheme: SeekScheme {
    /// The length of the decoded data as far as it is known, in bytes.
    var size: UInt64 { get set }

    /// The remedy for damage behind `count` bytes of readable data. Nil if there is none.
    func damageRemedy(_ count: UInt64) -> Remedy?
}
