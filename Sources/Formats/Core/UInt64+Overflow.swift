extension UInt64 {
    /// The product, of numbers from an image. Nil if it does not fit.
    func times(_ factor: UInt64) -> UInt64? {
        let (product, overflows) = multipliedReportingOverflow(by: factor)
        return overflows ? nil : product
    }

    /// The product of a count and two to the power of `exponent`. Nil if it does not fit.
    func times(powerOf2 exponent: some FixedWidthInteger & UnsignedInteger) -> UInt64? {
        exponent < 64 ? times(1 << UInt64(exponent)) : nil
    }

    /// The sum. Nil if it does not fit.
    func plus(_ other: UInt64) -> UInt64? {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? nil : sum
    }
}
