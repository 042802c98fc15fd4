extension InflateCursor {
    /// Copies a match of `length` bytes, 3 to 258, to `target` from `distance` bytes before it.
    ///
    /// Steps of several bytes, never longer than the distance, write up to 31 bytes past the end.
    @inline(__always) static func copy(
        _ distance: Int, _ length: Int, to target: UnsafeMutablePointer<UInt8>
    ) {
        var source = unsafe UnsafeRawPointer(target + (0 &- distance))
        var target = UnsafeMutableRawPointer(target)
        let end = unsafe target + length
        if distance >= 16 {
            // Two at once: most matches are shorter, so that the branch can be foreseen.
            repeat {
                unsafe copy16(source, target)
                unsafe copy16(source + 16, target + 16)
                unsafe source += 32
                unsafe target += 32
            } while unsafe target < end
        } else if distance == 1 {
            // Runs of one byte make up most of an empty disk.
            let bytes = unsafe SIMD32<UInt8>(repeating: source.load(as: UInt8.self))
            repeat {
                unsafe target.storeBytes(of: bytes, as: SIMD32<UInt8>.self)
                unsafe target += 32
            } while unsafe target < end
        } else if distance >= 8 {
            repeat {
                let bytes = unsafe source.loadUnaligned(as: UInt64.self)
                unsafe target.storeBytes(of: bytes, as: UInt64.self)
                unsafe source += 8
                unsafe target += 8
            } while unsafe target < end
        } else {
            // The pattern in 8 bytes, and the largest multiple of its length in them.
            let width = UInt64(truncatingIfNeeded: distance &* 8)
            var pattern = unsafe source.loadUnaligned(as: UInt64.self) & (1 &<< width &- 1)
            pattern |= pattern &<< width
            if distance < 4 { pattern |= pattern &<< (2 &* width) }
            let step = distance == 3 ? 6 : distance < 5 ? 8 : distance
            repeat {
                unsafe target.storeBytes(of: pattern, as: UInt64.self)
                unsafe target += step
            } while unsafe target < end
        }
    }

    @inline(__always) private static func copy16(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
    ) {
        let bytes = unsafe source.loadUnaligned(as: SIMD16<UInt8>.self)
        unsafe target.storeBytes(of: bytes, as: SIMD16<UInt8>.self)
    }
}
