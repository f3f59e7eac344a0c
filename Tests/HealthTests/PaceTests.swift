import Health
import Testing
import Time

@Suite("Pace")
struct PaceTests {
    /// Always the same numbers (SplitMix64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64 = 1

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

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
