import Testing
import Time

@testable import CurlClient

@Suite("Lookups of one kind")
struct LookupLaneTests {
    private let start = Instant.now

    @Test("Names about which the name servers keep silent leave a place for others")
    func places() {
        var lane = LookupLane(size: 2)
        #expect(lane.ask("dead", isSuspect: true) == .now)
        lane.began("dead", 1, at: start)
        #expect(lane.ask("dying", isSuspect: true) == .later)
        #expect(lane.ask("good", isSuspect: false) == .now)
        lane.began("good", 2, at: start)
        #expect(lane.ask("better", isSuspect: false) == .later)
        #expect(lane.next { $0 == "dying" } == nil)
        #expect(lane.ended("good", 2, at: start + .milliseconds(3)) == .milliseconds(3))
        // Who has waited longest has its turn, but for those that leave a place.
        #expect(lane.next { $0 == "dying" } == "better")
        #expect(lane.isOut("dying") && !lane.isOut("good"))
        _ = lane.ended("dead", 1, at: start)
        #expect(lane.next { $0 == "dying" } == "dying")
        #expect(!lane.isAnyoneWaiting)
    }

    @Test("A name has at most two running lookups, and the oldest counts for its waiting time")
    func oneName() {
        var lane = LookupLane(size: 8)
        for number in 1...2 {
            #expect(lane.ask("a", isSuspect: false) == .now)
            lane.began("a", number, at: start + .seconds(number))
        }
        #expect(lane.ask("a", isSuspect: false) == .joins)
        #expect(lane.isOut("a", for: .seconds(2), at: start + .seconds(3)))
        #expect(lane.ended("a", 1, at: start + .seconds(3)) == .seconds(2))
        #expect(!lane.isOut("a", for: .seconds(2), at: start + .seconds(3)))
        #expect(lane.isOut("a"))
        #expect(lane.ended("a", 7, at: start) == .zero)
    }

    @Test("A waiting name is about to begin as long as other lookups end")
    func near() {
        var lane = LookupLane(size: 1)
        lane.began("a", 1, at: start)
        _ = lane.ask("b", isSuspect: false)
        let patience = Duration.milliseconds(50)
        #expect(!lane.isNear("b", within: patience, at: start))
        _ = lane.ended("a", 1, at: start)
        #expect(lane.isNear("b", within: patience, at: start + .milliseconds(49)))
        #expect(!lane.isNear("b", within: patience, at: start + .milliseconds(50)))
        #expect(!lane.isNear("a", within: patience, at: start))
    }
}
