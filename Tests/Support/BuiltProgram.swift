import Foundation

/// The path of the program `name` that was built with the tests. It lies in the folder of the built tests, or above it.
package func builtProgram(_ name: String) throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var folder = URL(filePath: tests).deletingLastPathComponent()
    while folder.path != "/" {
        let path = folder.appending(path: name).path
        var isFolder: ObjCBool = false
        if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
            return path
        }
        folder.deleteLastPathComponent()
    }
    throw TestFailure("there is no \(name) in any folder above \(tests)")
}
