/// The reason that an image, or a part of it, cannot be read.
///
/// The text names the layer, the field, its offset, the value found there and the one expected. `code` is the kind of trouble;
/// the user's next step differs for each.
public struct ImageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of trouble.
    public enum Code: String, Equatable, Sendable {
        /// The data contradicts its format: damaged, or truncated.
        case corrupt
        /// The data may be sound, but uses something this program does not read.
        case unsupported
        /// Reading it would take more than a limit allows; some limits can be raised.
        case limit
        /// The caller asked for bytes past the end.
        case outOfRange
        /// The operating system could not read, or open, something.
        case io
        /// Reading it would do something the user has not allowed.
        case refused
    }

    /// The kind of trouble.
    public var code: Code

    /// The text of the trouble, without the layers it lies in.
    public var reason: String

    /// The layers the trouble lies in, outermost first, such as `["disk.raw.xz", "xz"]`.
    public var path: [String]

    /// The setting that may help. Nil if none would.
    public var remedy: Remedy?

    /// An error of kind `code`, explained by `reason`.
    public init(_ code: Code, _ reason: String, path: [String] = [], remedy: Remedy? = nil) {
        self.code = code
        self.reason = reason
        self.path = path
        self.remedy = remedy
    }

    /// The most layers that are named. More would come from a long chain of files, in which the ends matter.
    private static let maximumPlaces = 12

    /// Puts `places`, the layers around those it has, in front of the path. If the path gets too long, the middle is left out.
    package mutating func add(_ places: [String]) {
        path.insert(contentsOf: places, at: 0)
        guard path.count > Self.maximumPlaces else { return }
        path = path.prefix(Self.maximumPlaces - 5) + ["…"] + path.suffix(4)
    }

    /// The whole text: layers, then the reason. The remedy is left to the program, which knows what it calls the setting.
    public var description: String { (path + [reason]).joined(separator: ": ") }
}

/// Runs `body`, and puts `layer` in front of the path of any error it throws.
package func inside<Result: ~Copyable>(
    _ layer: @autoclosure () -> String, _ body: () throws(ImageError) -> Result
) throws(ImageError) -> Result {
    do {
        return try body()
    } catch {
        var error = error
        error.add([layer()])
        throw error
    }
}
