import Testing
import Time

@Suite("Points in time")
struct InstantTests {
    private let now = Instant.now

    @Test("Adding and subtracting a duration gives the same instant")
    func arithmetic() {
        for duration: Duration in [.zero, .nanoseconds(1), .milliseconds(1500), .seconds(400_000_000), .seconds(-3)] {
            #expect((now + duration) - now == duration)
            #expect((now + duration) - duration == now)
            #expect(now - (now + duration) == .zero - duration)
        }
        #expect(now < now + .nanoseconds(1))
        #expect(now > now - .nanoseconds(1))
        #expect(now + .nanoseconds(1) - .nanoseconds(1) == now)
    }

    @Test("What is finer than a nanosecond is left out")
    func precision() {
        #expect(now + Duration(secondsComponent: 0, attosecondsComponent: 999_999_999) == now)
        #expect(Duration(secondsComponent: 1, attosecondsComponent: 1_999_999_999).wholeNanoseconds == 1_000_000_001)
    }

    @Test("Nothing overflows: results are clamped to the range")
    func bounds() {
        let end = now + .seconds(Int64.max)
        let beginning = now - .seconds(Int64.max) - .seconds(Int64.max)
        #expect(end == end + .seconds(1))
        #expect(beginning == beginning - .seconds(1))
        #expect(now + .seconds(9_223_372_036) + .seconds(9_223_372_036) == end)
        #expect(beginning < now && now < end)
        #expect(end - beginning == .nanoseconds(Int64.max))
        #expect(beginning - end == .nanoseconds(Int64.min))
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(
            Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 999_999_999_999_999_999).wholeNanoseconds
                == .max)
    }

    @Test("The clock advances like the system's clock")
    func clock() async throws {
        let outer = ContinuousClock.now
        let start = Instant.now
        let inner = ContinuousClock.now
        try await Task.sleep(for: .milliseconds(20))
        let innerTime = ContinuousClock.now - inner
        let time = Instant.now - start
        let outerTime = ContinuousClock.now - outer
        #expect(innerTime <= time && time <= outerTime)
        #expect(time >= .milliseconds(20))
    }
}
