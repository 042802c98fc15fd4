import Foundation
import FuzzTargets

/// The target that the environment names.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.named(name) else { fatalError("FUZZ_TARGET: there is no \"\(name)\"") }
    return target
}()

/// Gives the target what libFuzzer made up.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The fuzzer owns these bytes for the time of this call, and says how many they are.
    target.check(unsafe Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}
