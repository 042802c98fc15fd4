/// What holds what an image itself does not.
struct BackingFile: Sendable {
    let source: any Source

    /// What it is and its name, for errors.
    let text: String

    /// The format of the image that names it.
    let formatName: String

    /// Runs `body`, and says in any error that it is the backing file's.
    func naming<Result>(_ body: () throws(ImageError) -> Result) throws(ImageError) -> Result {
        do {
            return try body()
        } catch {
            var placed = error
            placed.path = [formatName, text] + error.path
            throw placed
        }
    }
}
