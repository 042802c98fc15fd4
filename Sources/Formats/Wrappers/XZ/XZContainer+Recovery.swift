extension XZContainer {
    /// Reads the structure of `file`. If the file's end is missing or damaged and the user wants the rest, finds the
    /// blocks from the front, and `warnings` say so.
    ///
    /// If the user does not want the rest, throws the error, with a text about how much there is.
    static func read(
        _ file: any Source, _ context: OpenContext
    ) throws(ImageError) -> (container: XZContainer, warnings: [String]) {
        do throws(ImageError) {
            return (try XZContainer(of: file), [])
        } catch {
            guard error.code == .corrupt else { throw error }
            // For the text of the error alone, a few blocks are enough, and none if looking at them takes decoding an
            // outer layer.
            let limit = context.options.recovers ? Int.max : file.cost.isLow ? XZFrontScan.cursory : 0
            guard let scan = try? XZFrontScan(file, limit: limit), !scan.blocks.isEmpty else { throw error }
            guard context.options.recovers else {
                throw ImageError(
                    .corrupt, "\(error.reason). \(scan.summary)",
                    remedy: Remedy(.recover, nil, "serves these"))
            }
            let warning =
                "\(error.reason). \(scan.summary), and the disk ends there, which may be too early"
            return (scan.container, [warning])
        }
    }
}
