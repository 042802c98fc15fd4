import VitrineFormats

/// The progress of something that goes through bytes, as text.
struct ProgressBar: Sendable {
    /// The name of the work, such as `copying`.
    var label: String
    /// The bytes that are done.
    var done: UInt64
    /// The bytes in all.
    var total: UInt64
    /// The bytes that were done at the start; they say nothing about the speed.
    var atStart: UInt64 = 0
    /// The time since the start.
    var elapsed: Duration

    /// The widths of bars, in characters. Shorter ones say nothing, and longer ones nothing more.
    private static let barWidths = 10...40
    /// The room for the text that usually stands behind the bar, in characters.
    private static let usualText = 46

    /// One line without a bar: `copying: 42 %, 861 MiB of 2 GiB, 487 MiB/s, 2.4 s left`.
    var plain: String { "\(label): \(percent) %, " + ([amount] + pace).joined(separator: ", ") }

    /// One line of at most `width` characters, with a bar if there is room. The parts that matter less are left out first.
    func line(width: Int) -> String {
        let head = "\(label) \(percent < 10 ? " " : "")\(percent < 100 ? " " : "")\(percent) %"
        var tail = [amount] + pace
        while !tail.isEmpty, head.count + tail.reduce(0, { $0 + 2 + $1.count }) > width {
            // The amount goes first, then the speed. The time left is the part that people wait for.
            tail.removeFirst()
        }
        let text = tail.map { "  " + $0 }.joined()
        // 3 is for a blank and two brackets. The bar should not change its length with every digit.
        let room = min(width - head.count - max(text.count, Self.usualText) - 3, Self.barWidths.upperBound)
        guard room >= Self.barWidths.lowerBound else { return String((head + text).prefix(max(0, width))) }
        let filled = total == 0 ? room : Int(Double(room) * fraction)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: room - filled)
        return "\(head) [\(bar)]\(text)"
    }

    private var fraction: Double { total == 0 ? 1 : min(1, Double(done) / Double(total)) }

    /// The percentage, rounded down: 100 % is the end.
    private var percent: Int { Int(fraction * 100) }

    private var amount: String { "\(byteCount(done)) of \(byteCount(total))" }

    /// Bytes per second since the start. Nil before anything can be said about it.
    private var speed: Double? {
        let seconds = elapsed / .seconds(1)
        let since = done > atStart ? done - atStart : 0
        return seconds > 0.2 && since > 0 ? Double(since) / seconds : nil
    }

    /// The texts of the speed and of the time left.
    private var pace: [String] {
        guard let speed else { return [] }
        // No integer holds every quotient.
        let rate = byteCount(UInt64(min(speed, 1e18)))
        let left = Double(total - min(done, total)) / speed
        guard left > 0 else { return ["\(rate)/s"] }
        // Milliseconds are no estimate.
        let time = left < 1 ? "1 s" : left < 359_999_940 ? timeText(.seconds(left.rounded())) : "days"
        return ["\(rate)/s", "\(time) left"]
    }
}
