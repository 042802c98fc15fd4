/// What an image reads from another file that it names.
struct ReferencedSource: Sendable {
    let source: any Source

    /// What it is and its name, for errors; nil where it is the image's own.
    let text: String?

    /// The format of the image that names it.
    let formatName: String

    /// Runs `body`, and says in any error whose it is.
    func naming<Result>(_ body: () throws(ImageError) -> Result) throws(ImageError) -> Result {
        do {
            return try body()
        } catch {
            guard let text else { throw error }
            var placed = error
            placed.add([formatName, text])
            throw placed
        }
    }
}
