extension XZContainer {
    /// Reads the structure of `file`, or finds what is there of it from its front where its end is missing or damaged, and that
    /// is to be made do with; `warnings` say so then.
    ///
    /// Throws what is wrong with it otherwise, and how much is there.
    static func read(
        _ file: any Source, _ context: OpenContext
    ) throws(ImageError) -> (container: XZContainer, warnings: [String]) {
        do throws(ImageError) {
            return (try XZContainer(of: file), [])
        } catch {
            guard error.code == .corrupt else { throw error }
            // Only for the text of the error: a few blocks, and nothing of what has to be decoded to be looked at.
            let limit = context.options.recovers ? Int.max : file.cost.isLow ? XZFrontScan.cursory : 0
            guard let scan = try? XZFrontScan(file, limit: limit), !scan.blocks.isEmpty else { throw error }
            guard context.options.recovers else {
                throw ImageError(.corrupt, "\(error.reason). \(scan.summary); --recover serves these")
            }
            let warning =
                "\(error.reason). \(scan.summary), and where these end the disk ends, too early or not"
            return (scan.container, [warning])
        }
    }
}
