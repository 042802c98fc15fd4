/// A source that an image reads from another file that it names.
struct ReferencedSource: Sendable {
    let source: any Source

    /// The role and the name of the file, for errors. Nil if it is the image's own.
    let text: String?

    /// The format of the image that names it.
    let formatName: String

    /// Runs `body`, and adds to any error the file that it comes from.
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
