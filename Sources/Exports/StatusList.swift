package import VitrineFormats

/// The kinds of status that an export has, by name: its allocation, its depth, and its bitmaps.
///
/// The exports of one image share a list: an image may have many bitmaps, and many partitions.
package struct StatusList: Sendable {
    /// The names by number.
    package let names: [String]

    /// The number of bytes that the names of all bitmaps have together.
    package let bitmapNameBytes: Int

    /// The number of each name, by its UTF-8: strings can be equal although their bytes differ, and a disk may have two bitmaps with
    /// such names.
    private let numbers: [[UInt8]: Int]

    /// The indices, among the disk's bitmaps, of the bitmaps by number from `firstBitmap` on.
    private let bitmapIndices: [Int]

    /// The number of the first status of qemu's namespace, the depth, and of the first bitmap.
    package static let (firstOfQemu, firstBitmap) = (1, 2)

    /// The statuses of a disk with these bitmaps.
    ///
    /// Leaves out bitmaps whose name no client could ask for. Of several with one name, the first counts.
    package init(_ bitmaps: [any DirtyBitmap]) {
        var names = [AllocationStatus().name, DepthStatus().name]
        var numbers: [[UInt8]: Int] = [:]
        for (number, name) in names.enumerated() { numbers[Array(name.utf8)] = number }
        var bitmapIndices: [Int] = []
        var size = 0
        for (index, bitmap) in bitmaps.enumerated() {
            let name = BitmapStatus(bitmap).name
            let bytes = Array(name.utf8)
            guard !bitmap.name.isEmpty, bytes.count <= Export.maximumName, !bytes.contains(0),
                numbers[bytes] == nil
            else { continue }
            numbers[bytes] = names.count
            names.append(name)
            bitmapIndices.append(index)
            size += bytes.count
        }
        self.names = names
        self.numbers = numbers
        self.bitmapIndices = bitmapIndices
        bitmapNameBytes = size
    }

    /// The number of the status called `name`. Nil if there is none.
    package func number(of name: String) -> Int? { numbers[Array(name.utf8)] }

    /// The statuses with these numbers.
    ///
    /// `source` is the disk that the list describes, or a window onto it.
    package func statuses(_ numbers: [Int], of source: any Source) -> [any ExportStatus] {
        let bitmaps = source.bitmaps
        return numbers.map { number in
            switch number {
            case 0: AllocationStatus()
            case Self.firstOfQemu: DepthStatus()
            default: BitmapStatus(bitmaps[bitmapIndices[number - Self.firstBitmap]])
            }
        }
    }
}
