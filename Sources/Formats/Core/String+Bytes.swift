extension StringProtocol {
    /// True if it is `other` byte for byte, in UTF-8.
    ///
    /// Names from outside are compared so, because `==` also holds for texts that only look the same, such as é as one character and
    /// as two. An archive or a disk may have both.
    package func hasBytes(of other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}
