import Health
import TestSupport
import Testing
import Time

@Suite("Pace")
struct PaceTests {
    @Test("Pauses are spread evenly over ten per cent on both sides of the interval")
    func jitter() {
        let pace = Pace(interval: .seconds(10))
        let start = Instant.now
        var numbers = Numbers()
        let pauses = (0..<1000).map { _ in (pace.next(after: start, using: &numbers) - start) / .seconds(1) }
        #expect(pauses.allSatisfy { (9...11).contains($0) })
        for step in 0..<10 {
            let low = 9 + Double(step) * 0.2
            #expect((60...140).contains(pauses.count { low <= $0 && $0 < low + 0.2 }))
        }
        #expect(pace.jitter == .seconds(1))
    }
}
