import Testing
@testable import vitrine

/// Progress and times as text.
struct ProgressTests {
    private func bar(_ done: UInt64, of total: UInt64, _ elapsed: Duration, atStart: UInt64 = 0)
        -> ProgressBar
    {
        ProgressBar(label: "copying", done: done, total: total, atStart: atStart, elapsed: elapsed)
    }

    @Test func lineOfATerminal() {
        let bar = bar(1 << 30, of: 2 << 30, .seconds(8))
        #expect(
            bar.line(width: 100)
                == "copying  50 % [###################...................]  1 GiB of 2 GiB  128 MiB/s  8 s left"
        )
        #expect(
            bar.line(width: 79)
                == "copying  50 % [########.........]  1 GiB of 2 GiB  128 MiB/s  8 s left")
        #expect(bar.line(width: 60) == "copying  50 %  1 GiB of 2 GiB  128 MiB/s  8 s left")
        #expect(bar.line(width: 40) == "copying  50 %  128 MiB/s  8 s left")
        #expect(bar.line(width: 24) == "copying  50 %  8 s left")
        #expect(bar.line(width: 13) == "copying  50 %")
        #expect(bar.line(width: 5) == "copyi")
        #expect(bar.line(width: 0) == "")
    }

    @Test func barNeverPassesTheWidthAndNeverGrowsBeyondSense() {
        let bar = bar(123_456_789_012, of: 987_654_321_098, .seconds(1234))
        for width in 0...300 { #expect(bar.line(width: width).count <= width) }
        #expect(bar.line(width: 300).contains("[####....................................]"))
    }

    @Test func plainLine() {
        #expect(
            bar(861 << 20, of: 2 << 30, .seconds(2)).plain
                == "copying: 42 %, 861 MiB of 2 GiB, 430.5 MiB/s, 3 s left")
    }

    @Test func startEndAndNothingToDo() {
        #expect(bar(0, of: 1 << 20, .zero).plain == "copying: 0 %, 0 bytes of 1 MiB")
        #expect(bar(1 << 20, of: 1 << 20, .seconds(1)).plain == "copying: 100 %, 1 MiB of 1 MiB, 1 MiB/s")
        #expect(bar(0, of: 0, .seconds(1)).plain == "copying: 100 %, 0 bytes of 0 bytes")
        #expect(bar(2047, of: 2048, .seconds(1)).plain.hasPrefix("copying: 99 %"))
    }

    @Test func whatWasThereBeforeSaysNothingAboutTheSpeed() {
        #expect(
            bar(300 << 20, of: 400 << 20, .seconds(10), atStart: 200 << 20).plain
                == "copying: 75 %, 300 MiB of 400 MiB, 10 MiB/s, 10 s left")
        #expect(
            bar(200 << 20, of: 400 << 20, .seconds(10), atStart: 200 << 20).plain
                == "copying: 50 %, 200 MiB of 400 MiB")
    }

    @Test func hugeNumbersAreNoTrap() {
        _ = bar(.max, of: .max, .nanoseconds(201_000_000)).plain
        #expect(bar(1, of: .max, .seconds(1)).plain.hasSuffix("1 byte/s, days left"))
        _ = bar(.max, of: 1, .seconds(1), atStart: .max).line(width: 80)
    }

    @Test(arguments: [
        (0, "0 ms"), (85, "85 ms"), (999, "999 ms"), (1000, "1 s"), (1049, "1 s"), (1050, "1.1 s"),
        (9949, "9.9 s"), (9950, "10 s"), (59_499, "59 s"), (59_500, "1 min"), (125_000, "2 min 5 s"),
        (3_599_600, "1 h"), (4_800_000, "1 h 20 min"), (-5, "0 ms"),
    ])
    func times(_ milliseconds: Int, _ text: String) {
        #expect(timeText(.milliseconds(milliseconds)) == text)
    }
}
