/// Disk labels that are recognised only to report them. They are not read.
enum UnreadLabel: String {
    case sgi = "an SGI volume header"
    case sun = "a Sun disk label"

    /// Recognises the label in the first 512 bytes of a disk. Nil if there is none.
    ///
    /// Both consist of words whose sum (SGI) or exclusive or (Sun) is 0 (Linux, block/partitions/sgi.c and sun.c).
    init?(_ sector: Fields) throws(ImageError) {
        let sgiMagic: UInt32 = try sector.big("magic", at: 0)
        let sunMagic: UInt16 = try sector.big("magic", at: 508)
        var sum: UInt32 = 0
        var parity: UInt16 = 0
        for offset in stride(from: 0, to: 512, by: 4) {
            let word: UInt32 = try sector.big("label", at: offset)
            sum &+= word
            parity ^= UInt16(word >> 16) ^ UInt16(word & 0xFFFF)
        }
        if sgiMagic == 0x0BE5_A941 && sum == 0 {
            self = .sgi
        } else if sunMagic == 0xDABE && parity == 0 {
            self = .sun
        } else {
            return nil
        }
    }
}
