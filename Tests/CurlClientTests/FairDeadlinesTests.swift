import Testing
import Time

@testable import CurlClient

@Suite("Fair deadlines")
struct FairDeadlinesTests {
    private let start = Instant.now

    @Test("A passed deadline is reported once, and not before")
    func passed() {
        var deadlines = FairDeadlines()
        deadlines.set(1, .milliseconds(300), from: start)
        deadlines.set(2, .milliseconds(200), from: start)
        #expect(deadlines.earliest == start + .milliseconds(200))
        #expect(deadlines.passed(at: start + .milliseconds(199)).isEmpty)
        #expect(deadlines.passed(at: start + .milliseconds(250)) == [2])
        #expect(deadlines.passed(at: start + .milliseconds(300)) == [1])
        #expect(deadlines.passed(at: start + .seconds(9)).isEmpty)
    }

    @Test("A deadline that is found long past is extended once")
    func standstill() {
        var deadlines = FairDeadlines()
        deadlines.set(1, .milliseconds(300), from: start)
        let resumed = start + .seconds(5)
        #expect(deadlines.passed(at: resumed).isEmpty)
        #expect(deadlines.due(1) == resumed + .milliseconds(300))
        #expect(deadlines.passed(at: resumed + .milliseconds(299)).isEmpty)
        #expect(deadlines.passed(at: resumed + .seconds(5)) == [1])
    }

    @Test("A removed deadline does not pass, and its number can be used again")
    func removed() {
        var deadlines = FairDeadlines()
        deadlines.set(1, .milliseconds(300), from: start)
        deadlines.remove(1)
        #expect(deadlines.earliest == nil && deadlines.due(1) == nil)
        #expect(deadlines.passed(at: start + .milliseconds(310)).isEmpty)
        deadlines.set(1, .milliseconds(500), from: start)
        #expect(deadlines.passed(at: start + .milliseconds(510)) == [1])
    }
}
