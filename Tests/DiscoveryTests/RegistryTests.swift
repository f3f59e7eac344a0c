import Health
import Testing
import Time

@testable import Discovery

@Suite("What is told of a registration")
struct RegistryTests {
    @Test("For each cause there is something to look at, in one short line", arguments: RegistryCause.allCases)
    func causes(cause: RegistryCause) throws {
        for registry in Registry.allCases {
            let text = try #require(registry.lookAt(.retrying, cause))
            #expect((10...90).contains(text.count) && !text.contains("\n") && !text.hasSuffix("."))
        }
    }

    @Test("A node that waits or stays away has something to look at, and one that is registered has nothing")
    func phases() {
        #expect(Registry.cloudMap.lookAt(.superseded, nil)?.contains("healthz register") == true)
        #expect(Registry.consul.lookAt(.waiting, nil)?.contains("first check") == true)
        #expect(Registry.consul.lookAt(.registered, nil) == nil)
    }

    @Test("The time of a state is that of its beginning; one failed try after the other is one state")
    func since() {
        var record = KeeperRecord(.consul)
        let rows: [(RegistrarPhase, Bool, RegistryCause?, Int64)] = [
            (.waiting, false, nil, 1000), (.waiting, false, nil, 1000), (.registering, false, nil, 3000),
            (.retrying, false, .timeout, 4000), (.registering, false, .timeout, 4000), (.denied, false, .denied, 4000),
            (.registered, true, nil, 7000), (.retrying, true, .timeout, 8000), (.registered, true, .timeout, 8000),
        ]
        for (index, (phase, isRegistered, cause, since)) in rows.enumerated() {
            let now = Timestamp(milliseconds: Int64(index + 1) * 1000)
            record.saw(phase, isRegistered: isRegistered, cause: cause, at: now)
            let figures = record.figures(of: ("s", nil), phase, cause, isRegistered: isRegistered, status: (nil, []))
            #expect(figures.since == Timestamp(milliseconds: since), "\(phase)")
            #expect(figures.state == phase.rawValue && figures.cause == cause?.rawValue)
        }
    }
}
