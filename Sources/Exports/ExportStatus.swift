package import VitrineFormats

/// A kind of status that every byte of an export has, such as whether it is data or a hole.
///
/// Fronts offer it by its name. NBD calls it a metadata context.
package protocol ExportStatus: Sendable {
    /// Its name, in the form that NBD has for it: a namespace, a colon, and more. No other status of the export has the same.
    var name: String { get }

    /// The status at the start of `range`, and the bytes from there on that have the same. Nil if finding it would mean waiting and
    /// `mayWait` is false.
    ///
    /// `range` is not empty, and lies inside `source`: the disk that the status is of, or a window onto it.
    func stretch(
        of source: any Source, in range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> StatusStretch?
}

/// A range of an export with the same status.
package struct StatusStretch: Equatable, Sendable {
    package var range: Range<UInt64>

    /// The status, with the meaning that its kind gives it.
    package var flags: UInt32

    package init(_ range: Range<UInt64>, _ flags: UInt32) {
        self.range = range
        self.flags = flags
    }
}
