// The unsafe byte helpers. They check their bounds first, so that nothing unsafe gets past their closing braces.

extension MutableSpan where Element == UInt8 {
    /// Copies `count` bytes of `bytes`, from index `from`, to index `to` of this span.
    ///
    /// Both ranges must lie inside.
    package mutating func copy(_ bytes: [UInt8], from: Int, count: Int, to: Int) {
        precondition(from >= 0 && count >= 0 && from <= bytes.count && count <= bytes.count - from)
        precondition(to >= 0 && to <= self.count && count <= self.count - to)
        unsafe withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                guard count > 0, let source = source.baseAddress, let target = target.baseAddress else {
                    return
                }
                unsafe (target + to).update(from: source + from, count: count)
            }
        }
    }
}

extension MutableSpan where Element == UInt8 {
    /// Sets `count` bytes from index `index` on to zero; they must lie inside.
    package mutating func fillZeroes(_ count: Int, at index: Int) {
        precondition(index >= 0 && count >= 0 && index <= self.count && count <= self.count - index)
        unsafe withUnsafeMutableBufferPointer { target in
            unsafe target.extracting(index..<index + count).update(repeating: 0)
        }
    }
}

extension MutableSpan where Element == UInt8 {
    /// Runs `body` with the `count` bytes from index `index` on; they must lie inside.
    package mutating func withPart<Result>(
        _ count: Int, at index: Int, _ body: (inout MutableSpan<UInt8>) throws(ImageError) -> Result
    ) throws(ImageError) -> Result {
        precondition(index >= 0 && count >= 0 && index <= self.count && count <= self.count - index)
        return try unsafe withUnsafeMutableBufferPointer { (target) throws(ImageError) in
            // The part does not outlive the closure.
            var part = unsafe MutableSpan(_unsafeElements: target.extracting(index..<index + count))
            return try body(&part)
        }
    }
}

extension [UInt8] {
    /// The `count` big-endian 64-bit integers that start at index `index`; they must lie inside.
    package func bigEndianWords(_ count: Int, at index: Int) -> [UInt64] {
        precondition(index >= 0 && count >= 0 && index <= self.count && count <= (self.count - index) / 8)
        return [UInt64](capacity: count) { words in
            unsafe withUnsafeBytes { bytes in
                for word in 0..<count {
                    words.append(
                        unsafe UInt64(
                            bigEndian: bytes.loadUnaligned(
                                fromByteOffset: index + word * 8, as: UInt64.self)))
                }
            }
        }
    }
}

extension [UInt8] {
    /// The `count` little-endian 32-bit integers at the start; they must lie inside.
    package func littleEndianHalfWords(_ count: Int) -> [UInt64] {
        precondition(count >= 0 && count <= self.count / 4)
        return [UInt64](capacity: count) { words in
            unsafe withUnsafeBytes { bytes in
                for word in 0..<count {
                    words.append(
                        UInt64(
                            unsafe UInt32(
                                littleEndian: bytes.loadUnaligned(
                                    fromByteOffset: word * 4, as: UInt32.self))))
                }
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// True if all bytes are zero.
    var areZeroes: Bool {
        var index = 0
        // Eight words at a time, because this reads everything that is decoded.
        while index <= count - 64 {
            var any = unsafe word(index) | word(index + 8) | word(index + 16) | word(index + 24)
            unsafe any |= word(index + 32) | word(index + 40) | word(index + 48) | word(index + 56)
            guard any == 0 else { return false }
            index += 64
        }
        while index < count {
            guard unsafe self[index] == 0 else { return false }
            index += 1
        }
        return true
    }

    @inline(__always) private func word(_ index: Int) -> UInt64 {
        unsafe loadUnaligned(fromByteOffset: index, as: UInt64.self)
    }
}

extension [UInt8] {
    /// True if all bytes are zero.
    var areZeroes: Bool { unsafe withUnsafeBytes { unsafe $0.areZeroes } }
}
