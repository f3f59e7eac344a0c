import Health
import Testing
import Time

@testable import Reporting

@Suite("The history of a service on the page")
struct CheckHistoryTests {
    private typealias Seen = (result: RecentChecks.Result, milliseconds: Int)

    /// One check a second from 06:40:00, `now` at the last one.
    private static func history(_ checks: [Seen]) -> CheckHistory {
        var recent = RecentChecks()
        for (index, check) in checks.enumerated() {
            recent.append(startedAt: time(index), duration: .milliseconds(check.milliseconds), check.result)
        }
        return CheckHistory(recent, now: time(max(0, checks.count - 1)))
    }

    private static func time(_ second: Int) -> Timestamp {
        Timestamp(milliseconds: 1_795_243_200_000 + Int64(second) * 1000)
    }

    private static func marks(_ checks: [Seen], atMost limit: Int = CheckHistory.markLimit) -> [(String, String)] {
        history(checks).marks(of: "loki", atMost: limit).matches(of: /<i class="([^"]*)" title="([^"]*)"><\/i>/)
            .map { (String($0.1), String($0.2)) }
    }

    private static func text(_ html: String) -> String { html.replacing(/<[^>]*>/, with: "|") }

    @Test("Each check has a mark, whose shape shows the result, with time, cause and latency")
    func marks() {
        let marks = Self.marks([
            (.healthy, 10), (.failed(.refused), 0), (.failed(.timeout), 1500), (.degraded(.peer), 9),
        ])
        #expect(marks.map(\.0) == ["h4", "f", "f", "d"])
        #expect(
            marks.map(\.1) == [
                "06:40:00: healthy, 10 ms", "06:40:01: failed (refused), 0 ms", "06:40:02: failed (timeout), 1.5 s",
                "06:40:03: degraded (peer), 9 ms",
            ])
    }

    @Test("The height of a healthy mark shows the duration of the check")
    func heights() {
        let marks = Self.marks([(.healthy, 0), (.healthy, 24), (.healthy, 26), (.healthy, 60), (.healthy, 100)])
        #expect(marks.map(\.0) == ["h1", "h1", "h2", "h3", "h4"])
        #expect(Self.marks([(.healthy, 0)]).map(\.0) == ["h1"])
    }

    @Test("The latest marks are shown, and the label counts them in words")
    func label() {
        let checks: [Seen] = Array(repeating: (.healthy, 1), count: 70) + [(.failed(.dns), 1), (.degraded(.peer), 1)]
        let marks = Self.history(checks).marks(of: "a<b", atMost: 30)
        #expect(marks.matches(of: /<i\s/).count == 30)
        #expect(marks.contains("role=\"img\" aria-label=\"a&lt;b: last 30 checks, 1 failed, 1 degraded.\""))
        #expect(Self.history([(.healthy, 1)]).marks(of: "a", atMost: 30).contains("\"a: last check, 0 failed.\""))
    }

    @Test("In the list, consecutive checks with the same result are one item, the latest first")
    func list() {
        let list = Self.history([
            (.healthy, 3), (.healthy, 4), (.failed(.refused), 1), (.failed(.refused), 1), (.failed(.timeout), 1500),
        ]).list
        #expect(
            list.matches(of: /<li>(.*?)<\/li>/).map { Self.text(String($0.1)) } == [
                "|06:40:04|: failed (timeout), 1.5\u{A0}s",
                "|06:40:02| to |06:40:03|: failed (refused), 2 checks, 1\u{A0}ms",
                "|06:40:00| to |06:40:01|: healthy, 2 checks, 3\u{A0}ms to 4\u{A0}ms",
            ])
        let many: [Seen] = (0..<120).map { $0 % 2 == 0 ? (.healthy, 1) : (.failed(.dns), 1) }
        #expect(Self.history(many).list.matches(of: /<li>/).count == 20)
        #expect(Self.history([]).list == "<ol class=\"runs\"></ol>")
    }

    @Test("It shows the time that it covers")
    func span() {
        #expect(Self.history(Array(repeating: (.healthy, 1), count: 119)).span == "last 1 min")
        #expect(Self.history([(.healthy, 1), (.healthy, 1)]).span == "last 1 s")
        #expect(Self.history([(.healthy, 1)]).span == "one check")
        #expect(
            Self.text(Self.history([(.healthy, 1), (.failed(.dns), 9)]).caption)
                == "2 checks since |06:40:00|, peak 1\u{A0}ms")
    }
}
