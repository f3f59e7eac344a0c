import Foundation
import Health
import Testing
import Time

@testable import Reporting

@Suite("Sparklines")
struct SparklineTests {
    private static func svg(_ checks: [(isUp: Bool, milliseconds: Int)]) -> String {
        var recent = RecentChecks()
        for (index, check) in checks.enumerated() {
            recent.append(
                startedAt: Timestamp(milliseconds: Int64(index) * 1000), duration: .milliseconds(check.milliseconds),
                isUp: check.isUp)
        }
        return Sparkline(recent).svg(id: "s0", subject: "loki")
    }

    private static func path(_ name: String, in svg: String) -> String? {
        let parts = svg.components(separatedBy: "class=\"\(name)\" d=\"")
        return parts.count == 2 ? parts[1].components(separatedBy: "\"").first : nil
    }

    @Test("The latest check is at the right, and the highest point is the slowest one")
    func line() {
        let svg = Self.svg([(true, 0), (true, 10), (true, 5)])
        // Three checks of 120, each two wide; 27 units of height for 10 ms.
        #expect(Self.path("line", in: svg) == "M235 29h0l2 -27l2 13")
        #expect(Self.path("down", in: svg) == nil)
    }

    @Test("A failure breaks the line and is a bar; a check between failures is a dot")
    func failures() {
        let svg = Self.svg([(true, 10), (false, 1500), (true, 10), (false, 0), (false, 0), (true, 10), (true, 10)])
        #expect(Self.path("line", in: svg) == "M227 2h0M231 2h0M237 2h0l2 0")
        #expect(Self.path("down", in: svg) == "M229 0v32M233 0v32M235 0v32")
    }

    @Test("A full ring fills the width, and stays within it")
    func full() throws {
        let svg = Self.svg((0..<500).map { (true, $0) })
        let path = try #require(Self.path("line", in: svg))
        #expect(path.hasPrefix("M1 ") && path.count { $0 == "l" } == 119)
        #expect(svg.count < 1400)
    }

    @Test("Where all failed there is no line, and where nothing was checked there is nothing")
    func edges() {
        #expect(Self.path("line", in: Self.svg([(false, 1), (false, 1)])) == nil)
        let empty = Self.svg([])
        #expect(Self.path("line", in: empty) == nil && Self.path("down", in: empty) == nil)
        #expect(Self.path("line", in: Self.svg([(true, 0)])) == "M239 29h0")
    }

    @Test("It is said in words too")
    func words() {
        let svg = Self.svg([(true, 10), (false, 1500), (true, 30), (true, 20)])
        #expect(svg.contains("role=\"img\" aria-labelledby=\"s0-t s0-d\""))
        #expect(svg.contains("<title id=\"s0-t\">loki: the last 4 checks</title>"))
        #expect(svg.contains("<desc id=\"s0-d\">10 ms to 30 ms, median 20 ms; 1 failed</desc>"))
        #expect(Self.svg([(false, 1)]).contains(">all failed</desc>"))
        #expect(Self.svg([(true, 1)]).contains(">loki: the last check</title>"))
    }
}
