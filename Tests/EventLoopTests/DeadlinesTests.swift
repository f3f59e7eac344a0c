import EventLoop
import Testing
import Time

@Suite("Deadlines")
struct DeadlinesTests {
    private let start = Instant.now

    private func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    @Test("They pass in order, and not early")
    func order() {
        var deadlines = Deadlines()
        deadlines.set(2, to: at(2))
        deadlines.set(1, to: at(1))
        deadlines.set(3, to: at(3))
        #expect(deadlines.earliest == at(1))
        #expect(deadlines.popPassed(at: at(0)) == nil)
        #expect(deadlines.popPassed(at: at(2)) == 1)
        #expect(deadlines.popPassed(at: at(2)) == 2)
        #expect(deadlines.popPassed(at: at(2)) == nil)
        #expect(deadlines.count == 1)
    }

    @Test("A moved deadline passes only at its new time, later or earlier")
    func moved() {
        var deadlines = Deadlines()
        deadlines.set(1, to: at(1))
        deadlines.set(1, to: at(5))
        #expect(deadlines.popPassed(at: at(4)) == nil)
        deadlines.set(1, to: at(2))
        #expect(deadlines.popPassed(at: at(4)) == 1)
        #expect(deadlines.popPassed(at: at(9)) == nil)
        #expect(deadlines.count == 0)
    }

    @Test("A dropped deadline never passes, unless it is set again")
    func dropped() {
        var deadlines = Deadlines()
        deadlines.set(1, to: at(1))
        deadlines.set(2, to: at(2))
        deadlines.remove(1)
        deadlines.remove(7)
        #expect(deadlines.count == 1)
        deadlines.set(1, to: at(3))
        #expect(deadlines.popPassed(at: at(2)) == 2)
        #expect(deadlines.popPassed(at: at(2)) == nil)
        #expect(deadlines.popPassed(at: at(3)) == 1)
        #expect(deadlines.earliest == nil)
    }

    @Test("It agrees with a plain list over many random steps")
    func randomised() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var deadlines = Deadlines()
            var plain: [Int: Instant] = [:]
            var now = 0
            for _ in 0..<200 {
                let id = Int.random(in: 0..<8, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    deadlines.remove(id)
                    plain[id] = nil
                case 1:
                    now += Int.random(in: 0..<4, using: &random)
                    var passed: Set<Int> = []
                    while let id = deadlines.popPassed(at: at(now)) { passed.insert(id) }
                    let expected = Set(plain.filter { $0.value <= at(now) }.keys)
                    #expect(passed == expected)
                    for id in expected { plain[id] = nil }
                default:
                    let due = at(now + Int.random(in: 0..<10, using: &random))
                    deadlines.set(id, to: due)
                    plain[id] = due
                }
                #expect(deadlines.count == plain.count)
                if let earliest = plain.values.min() {
                    #expect(deadlines.earliest.map { $0 <= earliest } ?? false)
                } else {
                    #expect(deadlines.earliest == nil)
                }
            }
        }
    }
}
