import HTTPClient
import Health
import TestSupport
import Testing
import Time

@testable import Discovery

/// What a registry that is away costs.
@Suite("A registry that is away for an hour")
struct AwayTests {
    private static let hour = Duration.seconds(3600)

    /// All that a machine holds, as text: it tells whether something piles up.
    private static func size(_ machine: some Any) -> Int {
        var text = ""
        dump(machine, to: &text)
        return text.utf8.count
    }

    @Test(
        "Consul's agent is tried every five seconds on average, at a TTL of 30 s, and one line is logged",
        arguments: [ConsulFailure.Problem.unreachable, .timeout, .server])
    func consul(problem: ConsulFailure.Problem) throws {
        var trial = try ConsulTrial()
        trial.register()
        let start = trial.now
        var (calls, notes, sizes): (Int, [String], [Int]) = (0, [], [])
        while trial.now - start < Self.hour, calls < 10_000 {
            trial.wake()
            calls += trial.actions.count { if case .call = $0 { true } else { false } }
            // The answer of one that hangs does not come within its limit.
            if problem == .timeout { trial.now = trial.now + ConsulCall.limit }
            trial.failed(problem)
            notes += trial.actions.map(ConsulTrial.short)
            sizes.append(Self.size(trial.registrar))
        }
        #expect((problem == .timeout ? 450...600 : 600...850).contains(calls), "\(calls)")
        #expect(notes.count == 1 && notes[0].hasPrefix("note failed"))
        #expect((sizes.last ?? 0) <= (sizes.dropFirst(10).first ?? 0) + 32)

        let back = trial.now
        trial.wake()
        #expect(trial.said == "passing healthy" && trial.now - back <= .seconds(10))
        trial.answered()
        #expect(trial.said == "note recovered \(calls)")
    }

    @Test(
        "Cloud Map is tried every fifteen seconds on average, and one line is logged",
        arguments: [CloudMapFailure.Problem.unreachable, .timeout, .throttled])
    func cloudMap(problem: CloudMapFailure.Problem) throws {
        var trial = try CloudMapTrial()
        trial.register()
        let start = trial.now
        trial.judged(.unhealthy)
        var (calls, notes, sizes): (Int, [String], [Int]) = (1, [], [])
        trial.failed(problem)
        notes += trial.actions.map(CloudMapTrial.short)
        while trial.now - start < Self.hour, calls < 10_000 {
            trial.wake()
            calls += trial.actions.count { if case .call = $0 { true } else { false } }
            trial.failed(problem)
            notes += trial.actions.map(CloudMapTrial.short)
            sizes.append(Self.size(trial.registrar))
        }
        #expect((200...300).contains(calls), "\(calls)")
        #expect(notes.count == 1 && notes[0].hasPrefix("note failed"))
        #expect((sizes.last ?? 0) <= (sizes.dropFirst(10).first ?? 0) + 32)

        let back = trial.now
        trial.wake()
        #expect(trial.now - back <= .seconds(30))
        // To tell and to look take turns.
        if trial.said == "GetInstance i-1" { trial.answered(.instance(CloudMapTrial.entry())) }
        #expect(trial.said == "Update i-1 UNHEALTHY")
        trial.answered(.healthUpdated)
        #expect(trial.said.hasPrefix("note told(\"UNHEALTHY\")"))
    }

    @Test("While all is well, a check with a TTL of 30 s wakes the process 400 times an hour, and Cloud Map 12 times")
    func well() throws {
        var consul = try ConsulTrial()
        consul.register()
        var cloudMap = try CloudMapTrial()
        cloudMap.register()
        var (wakes, start) = (0, consul.now)
        while let time = consul.registrar.wakeAt, time - start <= Self.hour {
            consul.wake()
            consul.answered()
            wakes += 1
        }
        #expect(wakes == 400)
        (wakes, start) = (0, cloudMap.now)
        while let time = cloudMap.registrar.wakeAt, time - start <= Self.hour {
            cloudMap.wake()
            cloudMap.answered(.instance(CloudMapTrial.entry()))
            cloudMap.answered(.healthUpdated)
            wakes += 1
        }
        #expect((11...13).contains(wakes), "\(wakes)")
    }
}
