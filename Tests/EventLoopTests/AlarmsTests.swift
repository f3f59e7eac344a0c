import TestSupport
import Testing
import Time

@testable import EventLoop

@Suite("The alarms of a loop")
struct AlarmsTests {
    private let start = Instant.now
    private let seen = Guarded<[Int]>([])

    private func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    /// What has been called when those that are due by then have fired.
    private func fired(_ alarms: inout Alarms, by instant: Instant) -> [Int] {
        for fire in alarms.takeDue(at: instant) { fire() }
        return seen.withLock { seen in
            defer { seen = [] }
            return seen
        }
    }

    private func three() -> (Alarms, [Int]) {
        var alarms = Alarms()
        let numbers = (0..<3).map { index in alarms.add { [seen] in seen.withLock { $0.append(index) } } }
        return (alarms, numbers)
    }

    @Test("They fire in the order of their instants, once, and not before")
    func order() {
        var (alarms, numbers) = three()
        #expect(alarms.next == nil)
        #expect(fired(&alarms, by: at(9)) == [])
        alarms.set(numbers[0], by: at(3))
        alarms.set(numbers[1], by: at(1))
        alarms.set(numbers[2], by: at(2))
        #expect(alarms.next == at(1))
        #expect(fired(&alarms, by: at(1) - .nanoseconds(1)) == [])
        #expect(fired(&alarms, by: at(2)) == [1, 2])
        #expect(alarms.next == at(3))
        #expect(fired(&alarms, by: at(3)) == [0])
        #expect(fired(&alarms, by: at(9)) == [])
    }

    @Test("An alarm that is set twice fires at the earlier instant")
    func twice() {
        var (alarms, numbers) = three()
        alarms.set(numbers[0], by: at(2))
        alarms.set(numbers[0], by: at(5))
        alarms.set(numbers[1], by: at(5))
        alarms.set(numbers[1], by: at(2))
        #expect(fired(&alarms, by: at(2)) == [0, 1])
        #expect(alarms.next == nil)
    }

    @Test("A removed alarm does not fire, and setting it has no effect")
    func removed() {
        var (alarms, numbers) = three()
        for number in numbers { alarms.set(number, by: at(1)) }
        alarms.remove(numbers[1])
        alarms.set(numbers[1], by: at(1))
        #expect(fired(&alarms, by: at(1)) == [0, 2])
    }
}
