/// `seconds` since 1970 as people read them, in UTC: `2024-02-29 23:59:59 UTC`.
package func civilTime(_ seconds: UInt64) -> String {
    func padded(_ number: UInt64, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let time = seconds % 86_400
    // Days are counted from 1 March of year 0, so that leap days end years, and years of 400 make a cycle.
    let days = seconds / 86_400 + 719_468
    let (cycle, dayOfCycle) = days.quotientAndRemainder(dividingBy: 146_097)
    let year = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let calendarYear = cycle * 400 + year + (month >= 10 ? 1 : 0)
    let calendarMonth = month < 10 ? month + 3 : month - 9
    return "\(padded(calendarYear, 4))-\(padded(calendarMonth, 2))-\(padded(day, 2)) "
        + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)) UTC"
}
