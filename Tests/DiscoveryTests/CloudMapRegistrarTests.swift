import Health
import TestSupport
import Testing
import Time

@testable import Discovery

@Suite("The registrar for Cloud Map")
struct CloudMapRegistrarTests {
    @Test("A node is registered at its first good check, and its health told when that is done")
    func registering() throws {
        var trial = try CloudMapTrial()
        #expect(trial.registrar.begin(at: trial.now).isEmpty && trial.registrar.phase == .waiting)
        trial.judged(.degraded)
        #expect(trial.said == "RegisterInstance i-1 HEALTHY" && trial.registrar.phase == .registering)
        trial.answered(.begun(operation: "op-1"))
        #expect(trial.said == "" && trial.registrar.wakeAt == trial.now + .seconds(1) && !trial.registrar.isRegistered)
        trial.wake()
        #expect(trial.said == "GetOperation op-1")
        trial.answered(.operation(.underway))
        #expect(trial.registrar.wakeAt == trial.now + .seconds(2))
        trial.wake()
        trial.answered(.operation(.succeeded))
        #expect(trial.said == "note registered, Update i-1 HEALTHY" && trial.registrar.isRegistered)
        trial.answered(.healthUpdated)
        #expect(trial.said == "" && trial.registrar.phase == .registered)
        #expect(trial.registrar.acknowledgedHealth == .healthy)
    }

    @Test("A change is told at once, and nothing while nothing changes")
    func telling() throws {
        var trial = try CloudMapTrial()
        trial.register()
        for (status, said) in [
            (HealthStatus.healthy, ""), (.degraded, ""), (.unhealthy, "Update i-1 UNHEALTHY"), (.unhealthy, ""),
        ] {
            trial.judged(status)
            #expect(trial.said == said)
        }
        trial.answered(.healthUpdated)
        #expect(trial.said == "note told(\"UNHEALTHY\")")
        trial.judged(.healthy)
        #expect(trial.said == "Update i-1 HEALTHY")
        // While that is out, the verdict changes: what counts is what is so in the end.
        trial.judged(.unhealthy)
        #expect(trial.said == "")
        trial.answered(.healthUpdated)
        #expect(trial.said == "note told(\"HEALTHY\"), Update i-1 UNHEALTHY")
    }

    @Test("Every five minutes, more or less, it looks, and tells the health again")
    func refresh() throws {
        for seed in 0..<20 {
            var trial = try CloudMapTrial()
            trial.registrar = CloudMapRegistrar(
                .init(try CloudMapTrial.registration()), random: Numbers(seed: UInt64(seed)))
            trial.register()
            let registered = trial.now
            let wake = try #require(trial.registrar.wakeAt)
            #expect((270...330).contains((wake - registered).seconds))
            trial.wake()
            #expect(trial.said == "GetInstance i-1")
            trial.answered(.instance(CloudMapTrial.entry()))
            #expect(trial.said == "Update i-1 HEALTHY")
            trial.answered(.healthUpdated)
            #expect(trial.said == "" && trial.registrar.phase == .registered)
        }
    }

    @Test("A registration that says something else is made anew")
    func differs() throws {
        var trial = try CloudMapTrial()
        trial.register()
        trial.wake()
        trial.answered(.instance(CloudMapTrial.entry(stack: nil)))
        #expect(trial.said == "RegisterInstance i-1 HEALTHY")
    }

    @Test("A registration that is gone is made anew, unless another stack is there")
    func lost() throws {
        var trial = try CloudMapTrial()
        trial.register()
        trial.judged(.unhealthy)
        trial.failed(.instanceNotFound)
        #expect(trial.said == "note lost, ListInstances -" && trial.registrar.phase == .looking)
        trial.answered(.instances([CloudMapTrial.entry("i-2"), CloudMapTrial.entry("x", stack: nil)], next: "p2"))
        #expect(trial.said == "ListInstances p2")
        trial.answered(.instances([], next: nil))
        #expect(trial.said == "RegisterInstance i-1 UNHEALTHY")

        trial = try CloudMapTrial()
        trial.register()
        trial.wake()
        trial.failed(.instanceNotFound)
        trial.answered(.instances([CloudMapTrial.entry("i-9", stack: "blue")], next: "p2"))
        #expect(trial.said == "note superseded(by: \"blue\")" && trial.registrar.phase == .superseded)
        #expect(trial.registrar.wakeAt == nil && !trial.registrar.isRegistered)
        trial.judged(.unhealthy)
        #expect(trial.said == "")
    }

    @Test("Without a stack nobody can have swept it")
    func noStack() throws {
        let registration = try CloudMapTrial.registration(stack: "")
        var trial = try CloudMapTrial { $0.registration = registration }
        trial.register()
        trial.wake()
        trial.failed(.instanceNotFound)
        #expect(trial.said == "note lost, RegisterInstance i-1 HEALTHY")
    }

    @Test("An ill node looks for what an earlier life has left, and says that it is ill")
    func earlierLife() throws {
        var trial = try CloudMapTrial()
        trial.judged(.unhealthy)
        #expect(trial.said == "GetInstance i-1" && trial.registrar.phase == .waiting)
        trial.answered(.instance(CloudMapTrial.entry()))
        #expect(trial.said == "Update i-1 UNHEALTHY")
        trial.answered(.healthUpdated)
        #expect(trial.registrar.acknowledgedHealth == .unhealthy)

        trial = try CloudMapTrial()
        trial.judged(.unhealthy)
        trial.failed(.instanceNotFound)
        #expect(trial.said == "" && trial.registrar.phase == .waiting)
        trial.judged(.unhealthy)
        #expect(trial.said == "")
        trial.judged(.healthy)
        #expect(trial.said == "RegisterInstance i-1 HEALTHY")
    }

    @Test("Registering at once says unhealthy until a check says otherwise")
    func atOnce() throws {
        var trial = try CloudMapTrial { $0.start = .atOnce }
        #expect(trial.registrar.begin(at: trial.now).map(CloudMapTrial.short) == ["RegisterInstance i-1 UNHEALTHY"])
        trial.judged(.healthy)
        trial.answered(.begun(operation: "op"))
        trial.wake()
        trial.answered(.operation(.succeeded))
        #expect(trial.said == "note registered, Update i-1 HEALTHY")
    }

    @Test("Another operation on the instance is waited for, and then the same is tried again")
    func duplicate() throws {
        var trial = try CloudMapTrial()
        trial.judged(.healthy)
        trial.failed(.duplicate(operation: "op-7"))
        #expect(trial.said == "")
        trial.wake()
        #expect(trial.said == "GetOperation op-7")
        trial.answered(.operation(.failed(code: "INTERNAL_FAILURE", message: "")))
        #expect(trial.said == "RegisterInstance i-1 HEALTHY")
        trial.failed(.duplicate(operation: nil))
        #expect(trial.said == "note failed throttled" && trial.registrar.phase == .retrying)
    }

    @Test("An operation that failed is told, and the registration tried again as another")
    func failedOperation() throws {
        var trial = try CloudMapTrial()
        trial.judged(.healthy)
        let first = trial.actions
        trial.answered(.begun(operation: "op"))
        trial.wake()
        trial.answered(.operation(.failed(code: "ACCESS_DENIED", message: "No Route 53 for you")))
        guard case .note(.failed(.denied, let text)) = trial.actions.first else {
            Issue.record("\(trial.actions)")
            return
        }
        #expect(text.contains("ACCESS_DENIED No Route 53 for you") && trial.registrar.phase == .denied)
        trial.wake()
        #expect(trial.said == "RegisterInstance i-1 HEALTHY" && trial.actions != first)
    }

    @Test("A try again has the identifier of the try before, another registration another one")
    func requestIdentifiers() throws {
        var trial = try CloudMapTrial()
        trial.judged(.healthy)
        let first = trial.actions
        trial.failed(.timeout)
        trial.wake()
        #expect(trial.actions == first)
        trial.failed(.timeout)
        trial.judged(.unhealthy)
        trial.wake()
        #expect(trial.said == "RegisterInstance i-1 UNHEALTHY")
        let second = trial.actions
        trial.failed(.timeout)
        trial.wake()
        #expect(trial.actions == second)
    }

    @Test("An operation that goes on for more than a minute is given up")
    func endless() throws {
        var trial = try CloudMapTrial()
        trial.judged(.healthy)
        let start = trial.now
        trial.answered(.begun(operation: "op"))
        var polls = 0
        while trial.registrar.phase == .registering, polls < 100 {
            trial.wake()
            polls += 1
            trial.answered(.operation(.underway))
        }
        #expect(trial.said == "note failed timeout" && polls == 10)
        #expect((60...70).contains((trial.now - start).seconds))
    }

    @Test("A service without custom health is registered in, and told nothing")
    func noCustomHealth() throws {
        var trial = try CloudMapTrial()
        trial.judged(.healthy)
        trial.answered(.begun(operation: "op"))
        trial.wake()
        trial.answered(.operation(.succeeded))
        trial.failed(.customHealthNotFound)
        #expect(trial.said == "note noCustomHealth" && trial.registrar.phase == .registered)
        #expect(trial.registrar.acknowledgedHealth == nil)
        trial.judged(.unhealthy)
        #expect(trial.said == "")
        trial.wake()
        #expect(trial.said == "GetInstance i-1")
        trial.answered(.instance(CloudMapTrial.entry()))
        #expect(trial.said == "")

        trial = try CloudMapTrial()
        trial.judged(.healthy)
        trial.failed(.invalid, "InvalidInput: AWS_INIT_HEALTH_STATUS needs custom health")
        #expect(trial.said == "note noCustomHealth, RegisterInstance i-1 -")
    }

    @Test("Failures are told once each cause, and their end once")
    func notes() throws {
        var trial = try CloudMapTrial()
        trial.judged(.healthy)
        trial.failed(.unreachable)
        #expect(trial.said == "note failed unreachable")
        trial.wake()
        trial.failed(.unreachable)
        #expect(trial.said == "")
        trial.wake()
        trial.failed(.throttled)
        #expect(trial.said == "note failed throttled")
        trial.wake()
        trial.answered(.begun(operation: "op"))
        trial.wake()
        trial.answered(.operation(.succeeded))
        #expect(trial.said == "note registered, Update i-1 HEALTHY")
        trial.answered(.healthUpdated)
        #expect(trial.said == "note recovered 3")
    }

    @Test("Pauses grow to thirty seconds, and are drawn from all of them")
    func pauses() {
        var numbers = Numbers()
        var drawn: [Double] = []
        for _ in 0..<200 {
            var backoff = Backoff(longest: .seconds(30))
            for tries in 0..<12 {
                backoff.failed(.throttled, isRefusal: false, at: Then.start.instant, using: &numbers)
                let pause = (backoff.waitsUntil ?? Then.start.instant) - Then.start.instant
                #expect(pause <= .milliseconds(500) * (1 << tries) && pause <= .seconds(30) && pause >= .zero)
                if tries == 11 { drawn.append(pause.seconds) }
            }
        }
        #expect(drawn.count { $0 < 10 } > 40 && drawn.count { $0 > 20 } > 40)
    }

    @Test(
        "What is refused is tried after a second, then more and more seldom up to a minute, and at once with other keys"
    )
    func denied() throws {
        var trial = try CloudMapTrial()
        trial.judged(.healthy)
        for expected in [1.0, 2, 4, 8, 16, 32, 60, 60] {
            trial.failed(.denied)
            #expect(trial.registrar.phase == .denied)
            let pause = try #require(trial.registrar.wakeAt) - trial.now
            #expect((expected * 0.9...expected * 1.1).contains(pause.seconds))
            trial.wake()
        }
        trial.failed(.denied)
        #expect(trial.registrar.keysChanged(at: trial.now).map(CloudMapTrial.short) == ["RegisterInstance i-1 HEALTHY"])
    }

    @Test("Where telling is not allowed, it looks all the same; where looking is not, it tells")
    func halfAllowed() throws {
        var trial = try CloudMapTrial()
        trial.register()
        trial.judged(.unhealthy)
        trial.failed(.denied)
        trial.wait(.seconds(360))
        #expect(trial.said == "GetInstance i-1")
        trial.answered(.instance(CloudMapTrial.entry()))
        #expect(trial.said == "Update i-1 UNHEALTHY")

        trial = try CloudMapTrial()
        trial.register()
        trial.wake()
        trial.failed(.denied)
        trial.judged(.unhealthy)
        #expect(trial.said == "Update i-1 UNHEALTHY")
    }
}
