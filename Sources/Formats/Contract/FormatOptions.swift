/// The options of formats that the user has chosen.
///
/// They pass through the layers in one value: adding one takes a declaration in its format, and nothing here.
public struct FormatOptions: Sendable {
    private struct Choice: Sendable {
        let option: any FormatOption.Type
        var value: any Sendable
    }

    /// In the order in which they were made.
    private var choices: [Choice] = []

    /// No choices.
    public init() {}

    /// The value of `option`.
    package subscript<Option: FormatOption>(_ option: Option.Type) -> Option.Value {
        get { choices.first { $0.option == option }?.value as? Option.Value ?? Option.standard }
        set {
            choices.removeAll { $0.option == option }
            choices.append(Choice(option: option, value: newValue))
        }
    }

    /// The choices that also concern files which an image names.
    var forReferences: FormatOptions {
        var options = self
        options.choices.removeAll { !$0.option.isForReferences }
        return options
    }

    /// Throws if an option was chosen that is not among `known` and must not stay unused; of several, for the first.
    func requireUse(by known: [any FormatOption.Type]) throws(ImageError) {
        for choice in choices where !known.contains(where: { $0 == choice.option }) {
            if let error = error(unused: choice.option) { throw error }
        }
    }

    private func error<Option: FormatOption>(unused option: Option.Type) -> ImageError? {
        Option.error(unused: self[option])
    }
}
