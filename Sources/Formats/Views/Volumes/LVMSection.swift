/// A section of the description of a volume group: values and other sections, by name.
struct LVMSection {
    /// A section in it.
    struct Member {
        let name: String
        let content: LVMSection
    }

    private var values: [String: LVMValue] = [:]
    private var indexes: [String: Int] = [:]

    /// The sections in it, in the order of the text.
    private(set) var sections: [Member] = []

    /// True if there is something called `name`.
    private func has(_ name: String) -> Bool { values[name] != nil || indexes[name] != nil }

    /// Adds a value. Returns false if the name is taken.
    mutating func add(_ name: String, _ value: LVMValue) -> Bool {
        guard !has(name) else { return false }
        values[name] = value
        return true
    }

    /// Adds a section. Returns false if the name is taken.
    mutating func add(_ name: String, _ section: LVMSection) -> Bool {
        guard !has(name) else { return false }
        indexes[name] = sections.count
        sections.append(Member(name: name, content: section))
        return true
    }

    /// The section called `name`. Nil if there is none.
    func section(_ name: String) -> LVMSection? { indexes[name].map { sections[$0].content } }

    /// The integer called `name`.
    ///
    /// Throws `corrupt` unless it is there and lies in `range`.
    func integer(_ name: String, in range: ClosedRange<UInt64>) throws(ImageError) -> UInt64 {
        guard case .integer(let value) = values[name] else {
            throw ImageError(.corrupt, "\(name) is missing, or no integer")
        }
        guard let number = UInt64(exactly: value), range.contains(number) else {
            throw ImageError(
                .corrupt, "\(name) is \(value), expected \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    /// The text called `name`.
    ///
    /// Throws `corrupt` unless it is there.
    func text(_ name: String) throws(ImageError) -> String {
        guard let text = optionalText(name) else {
            throw ImageError(.corrupt, "\(name) is missing, or no text")
        }
        return text
    }

    /// The text called `name`. Nil if there is none.
    func optionalText(_ name: String) -> String? {
        guard case .text(let text) = values[name] else { return nil }
        return text
    }

    /// The values in the list called `name`. Empty if there is none.
    func list(_ name: String) -> [LVMValue] {
        guard case .list(let list) = values[name] else { return [] }
        return list
    }

    /// True if the list of flags called `name` has `flag`.
    func has(_ flag: String, in name: String) -> Bool {
        // A single flag may stand without brackets.
        optionalText(name) == flag || list(name).contains(.text(flag))
    }
}
