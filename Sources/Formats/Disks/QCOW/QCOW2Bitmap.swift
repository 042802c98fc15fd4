import Synchronization

/// A dirty bitmap of a qcow2 image (docs/interop/qcow2.txt, "Bitmap table").
///
/// Bits 9...55 of a table entry hold a cluster's offset. If they are 0, bit 0 is the value of all bits of the cluster.
/// In a cluster, the lowest bit of the first byte comes first.
final class QCOW2Bitmap: DirtyBitmap {
    private static let offsetMask: UInt64 = 0x00FF_FFFF_FFFF_FE00
    private static let reservedMask: UInt64 = 0xFF00_0000_0000_01FE

    /// log2 of the most bytes of a bitmap that are held in memory: clusters may be 128 times as large, and there may be
    /// 1024 bitmaps.
    private static let maximumPieceBits: UInt64 = 14

    /// The bits of a cluster, or of a part of one.
    private enum Piece {
        case same(Bool)
        case bits([UInt8])
    }

    let name: String
    let granularity: UInt64

    private let file: any Source
    private let tableOffset: UInt64

    /// log2 of the bytes of the disk that a piece covers.
    private let coverageBits: UInt64
    private let pieceBits: UInt64
    private let clusterBits: UInt64

    /// The piece that was read last: clients go through the pieces in order.
    private let last = Mutex<(number: UInt64, piece: Piece)?>(nil)

    /// The bitmap that `entry` describes, of a disk of `size` bytes.
    ///
    /// Throws if the bitmap cannot be served.
    init(
        _ file: any Source, _ entry: QCOW2BitmapEntry, size: UInt64, clusterBits: UInt64
    ) throws(ImageError) {
        if let reason = entry.reason { throw ImageError(.unsupported, reason) }
        self.file = file
        name = entry.name
        granularity = 1 << UInt64(entry.granularityBits)
        tableOffset = entry.tableOffset
        self.clusterBits = clusterBits
        pieceBits = min(clusterBits, Self.maximumPieceBits)
        coverageBits = pieceBits + 3 + UInt64(entry.granularityBits)
        let clusterSize: UInt64 = 1 << clusterBits
        let needed = size == 0 ? 0 : (size - 1) >> (coverageBits + clusterBits - pieceBits) + 1
        guard UInt64(entry.tableCount) >= needed else {
            throw ImageError(
                .corrupt, "table size is \(entry.tableCount), but a disk of \(size) bytes takes \(needed)")
        }
        try QCOW2Header.requireAlignment("table offset", tableOffset, clusterSize)
        try file.require("the table", at: tableOffset, count: UInt64(entry.tableCount) * 8)
    }

    func extent(in range: Range<UInt64>) throws(ImageError) -> (range: Range<UInt64>, isDirty: Bool) {
        var isDirty: Bool?
        var position = range.lowerBound
        while position < range.upperBound {
            let number = position >> coverageBits
            let end = min((number + 1) << coverageBits, range.upperBound)
            // Errors further on are left to the call that starts there.
            guard let piece = isDirty == nil ? try piece(number) : try? piece(number) else { break }
            let found = Self.run(piece, position, end, granularity, coverageBits)
            if let isDirty, isDirty != found.isDirty { break }
            isDirty = found.isDirty
            position = found.end
            guard position == end else { break }
        }
        return (range.lowerBound..<min(position, range.upperBound), isDirty ?? false)
    }

    /// The bit of `position`, and the end of the run of equal bits from there, at most `limit`.
    private static func run(
        _ piece: Piece, _ position: UInt64, _ limit: UInt64, _ granularity: UInt64, _ coverageBits: UInt64
    ) -> (end: UInt64, isDirty: Bool) {
        guard case .bits(let bytes) = piece else {
            if case .same(let isDirty) = piece { return (limit, isDirty) }
            return (limit, false)
        }
        let start = (position >> coverageBits) << coverageBits
        var bit = Int((position - start) / granularity)
        let last = Int((limit - 1 - start) / granularity)
        let isDirty = bytes[bit >> 3] >> UInt8(bit & 7) & 1 != 0
        let whole: UInt8 = isDirty ? 0xFF : 0
        while bit <= last {
            if bit & 7 == 0, bytes[bit >> 3] == whole {
                bit += 8
            } else if (bytes[bit >> 3] >> UInt8(bit & 7) & 1 != 0) == isDirty {
                bit += 1
            } else {
                break
            }
        }
        return (min(start + UInt64(bit) * granularity, limit), isDirty)
    }

    private func piece(_ number: UInt64) throws(ImageError) -> Piece {
        if let last = last.withLock({ $0 }), last.number == number { return last.piece }
        let clusterSize: UInt64 = 1 << clusterBits
        let place = tableOffset + (number >> (clusterBits - pieceBits)) * 8
        let entry = try Fields("bitmap table entry", of: file, at: place, count: 8)
            .big("bitmap table entry", at: 0, as: UInt64.self)
        let offset = entry & Self.offsetMask
        guard entry & Self.reservedMask == 0, offset == 0 || entry & 1 == 0, offset & (clusterSize - 1) == 0
        else {
            throw error("table entry at \(place) is \(hex(entry)), which makes no sense")
        }
        let piece: Piece
        if offset == 0 {
            piece = .same(entry & 1 != 0)
        } else {
            guard file.holds(clusterSize, at: offset) else {
                throw error(
                    "table entry at \(place) is \(hex(entry)), but the end of the file is at \(file.size)")
            }
            let inCluster = number << pieceBits & (clusterSize - 1)
            piece = .bits(try file.bytes(at: offset + inCluster, count: 1 << Int(pieceBits)))
        }
        last.withLock { $0 = (number, piece) }
        return piece
    }

    private func error(_ reason: String) -> ImageError {
        ImageError(.corrupt, reason, path: ["qcow2", "bitmap \"\(printable(name))\""])
    }
}
