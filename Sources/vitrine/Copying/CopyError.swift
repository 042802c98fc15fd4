/// Why a copy cannot be made; in words for the person who wants it.
struct CopyError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
