package import VitrineFormats

/// A connection to the process that reads a file system. Nothing that it brings is to be trusted.
package protocol ReaderChannel: AnyObject {
    /// True if the other end is gone.
    var isLost: Bool { get }

    /// Sends `bytes`. Throws if the other end is gone.
    func send(_ bytes: [UInt8]) throws(ImageError)

    /// Waits for `count` bytes. Throws if the other end is gone, or sends nothing for too long.
    func receive(_ count: Int) throws(ImageError) -> [UInt8]
}
