/// `part` of `whole` in percent, rounded down: `42 %`, `6.4 %`; 100 % is everything.
func percentText(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0 else { return "100 %" }
    let tenths = Int(Double(part) / Double(whole) * 1000)
    if part > 0, tenths == 0 { return "less than 0.1 %" }
    return tenths >= 100 || tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}
