/// An entry of a GUID partition table.
///
/// Layout, integers little-endian (UEFI specification 2.10, section 5.3.3):
///
///      0  PartitionTypeGUID    16   all zero if the entry is not used
///     16  UniquePartitionGUID  16
///     32  StartingLBA           8
///     40  EndingLBA             8   the last sector, not the one after
///     48  Attributes            8
///     56  PartitionName        72   UTF-16, up to a NUL
struct GPTEntry {
    let type: GUID
    let firstLBA: UInt64
    let lastLBA: UInt64
    let name: String
    let attributes: UInt64

    /// The identifier of the partition. Nil if it is all zero.
    let unique: GUID?

    /// Reads the entry at `offset` of the entry array. Nil if it is not used.
    init?(_ array: Fields, at offset: Int) throws(ImageError) {
        let type = try GUID("PartitionTypeGUID", in: array, at: offset)
        guard !type.isZero else { return nil }
        self.type = type
        let unique = try GUID("UniquePartitionGUID", in: array, at: offset + 16)
        self.unique = unique.isZero ? nil : unique
        attributes = try array.little("Attributes", at: offset + 48)
        firstLBA = try array.little("StartingLBA", at: offset + 32)
        lastLBA = try array.little("EndingLBA", at: offset + 40)
        var units: [UInt16] = []
        for index in 0..<36 {
            let unit: UInt16 = try array.little("PartitionName", at: offset + 56 + 2 * index)
            if unit == 0 { break }
            units.append(unit)
        }
        // Half a surrogate pair becomes U+FFFD: a name is never a reason to refuse a table.
        name = String(decoding: units, as: UTF16.self)
    }
}
