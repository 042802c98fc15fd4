/// The options of formats that the user has chosen.
///
/// They pass through the layers in one value: adding one takes a declaration in its format, and nothing here.
public struct FormatOptions: Sendable {
    private struct Choice: Sendable {
        let isForReferences: Bool
        let value: any Sendable
        let unused: @Sendable () -> ImageError?
    }

    private var choices: [ObjectIdentifier: Choice] = [:]

    /// No choices.
    public init() {}

    /// The value of `option`.
    package subscript<Option: FormatOption>(_ option: Option.Type) -> Option.Value {
        get { choices[ObjectIdentifier(option)]?.value as? Option.Value ?? Option.standard }
        set {
            choices[ObjectIdentifier(option)] = Choice(
                isForReferences: Option.isForReferences, value: newValue,
                unused: { Option.error(unused: newValue) })
        }
    }

    /// The choices that also concern files which an image names.
    var forReferences: FormatOptions {
        var options = self
        options.choices = choices.filter(\.value.isForReferences)
        return options
    }

    /// Throws if an option was chosen that is not among `known` and must not stay unused.
    func requireUse(by known: [any FormatOption.Type]) throws(ImageError) {
        let known = Set(known.map { ObjectIdentifier($0) })
        for (option, choice) in choices where !known.contains(option) {
            if let error = choice.unused() { throw error }
        }
    }
}
