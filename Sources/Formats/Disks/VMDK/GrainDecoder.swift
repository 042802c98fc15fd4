/// Decodes compressed grains: zlib data (RFC 1950), with a marker in front or without.
struct GrainDecoder: ClusterDecoder {
    let grainSize: UInt64

    /// The size of the extent, in bytes, at which its last grain may end.
    let capacity: UInt64

    let hasMarkers: Bool

    func decode(
        _ grain: CompressedCluster, of file: any Source, into content: inout [UInt8]
    ) throws(ImageError) {
        let start = grain.number * grainSize
        let least = Int(min(grainSize, capacity - min(start, capacity)))
        guard hasMarkers else {
            let count = min(grain.count, file.size - grain.offset)
            try DeflateDecoder.decodeZlib(
                try file.bytes(at: grain.offset, count: Int(count)), count: Int(grainSize), least: least,
                into: &content)
            return
        }
        let marker = try GrainMarker(file, at: grain.offset)
        guard case .grain(let size) = marker.kind, UInt64(size) <= grain.count else {
            throw ImageError(
                .corrupt, "has a marker that is not a grain's, or is for more than \(grain.count) bytes")
        }
        guard marker.value == start / 512 else {
            throw ImageError(
                .corrupt, "has a marker for sector \(marker.value), expected \(start / 512)")
        }
        let data = grain.offset + GrainMarker.size
        guard UInt64(size) <= file.size - data else {
            throw ImageError(
                .corrupt, "takes \(size) bytes from \(data) on, but the end of the file is at \(file.size)")
        }
        try DeflateDecoder.decodeZlib(
            try file.bytes(at: data, count: Int(size)), count: Int(grainSize), least: least, into: &content)
    }
}
