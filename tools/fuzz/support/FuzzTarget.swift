/// What any bytes are given to: none may make it crash, take long, or contradict itself.
package struct FuzzTarget: Sendable {
    /// The name of its folder in tools/fuzz.
    package let name: String
    /// Gives it bytes, and ends the process where they bring out a bug.
    package let check: @Sendable ([UInt8]) -> Void

    package static let all = [
        FuzzTarget(name: "xz", check: fuzzXZ),
        FuzzTarget(name: "gzip", check: fuzzGzip),
        FuzzTarget(name: "lzma2", check: fuzzLZMA2),
        FuzzTarget(name: "qcow2", check: fuzzQCOW2),
        FuzzTarget(name: "vmdk", check: fuzzVMDK),
        FuzzTarget(name: "grainscan", check: fuzzGrainScan),
        FuzzTarget(name: "tar", check: fuzzTar),
        FuzzTarget(name: "ovf", check: fuzzOVF),
        FuzzTarget(name: "index", check: fuzzIndex),
        FuzzTarget(name: "partitions", check: fuzzPartitions),
        FuzzTarget(name: "filesystems", check: fuzzFileSystems),
        FuzzTarget(name: "extreader", check: fuzzExtReader),
        FuzzTarget(name: "volumes", check: fuzzVolumes),
        FuzzTarget(name: "session", check: fuzzSession),
    ]

    package static func named(_ name: String) -> FuzzTarget? {
        all.first { $0.name == name }
    }
}
