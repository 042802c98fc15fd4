/// An option of how an image is read, declared by the format that knows it.
///
/// A format declares a type for the option, and a property in an extension of `FormatOptions` for those who set it.
package protocol FormatOption: SendableMetatype {
    associatedtype Value: Sendable

    /// The value if the user has chosen none.
    static var standard: Value { get }

    /// True if it concerns the files that an image names too, and not the image alone.
    static var isForReferences: Bool { get }

    /// The error if `value` was chosen, and no layer of the image knows the option. Nil if that does no harm.
    static func error(unused value: Value) -> ImageError?
}

extension FormatOption {
    package static func error(unused value: Value) -> ImageError? { nil }
}
