import Health
import Testing
import Time

@testable import Reporting

@Suite("Service discovery on the status page")
struct RegistrationListTests {
    private static let now = Timestamp(milliseconds: 1_795_243_200_123)
    private static let states = ["waiting", "registered", "retrying", "draining"]

    private static func registration(
        _ provider: String, _ service: String, state: String, isRegistered: Bool, status: String? = nil,
        cause: String? = nil, lookAt: String? = nil
    ) -> DiscoveryFigures {
        var tally = DiscoveryFigures.Tally()
        tally.lastSuccessAt = Timestamp(milliseconds: now.milliseconds - 60_000)
        return DiscoveryFigures(
            provider: provider, service: service, instance: "i-1",
            state: (state, states, Timestamp(milliseconds: now.milliseconds - 90_000)), isRegistered: isRegistered,
            status: (status, []), cause: cause, lookAt: lookAt, tally: tally)
    }

    private static let registrations = [
        registration("cloud_map", "srv-<a>", state: "registered", isRegistered: true, status: "healthy"),
        registration(
            "consul", "loki", state: "retrying", isRegistered: false, cause: "unreachable",
            lookAt: "is the agent running?"),
        registration("consul", "tempo", state: "waiting", isRegistered: false, lookAt: "the services above"),
        registration("consul", "grafana", state: "draining", isRegistered: true, status: "critical"),
    ]

    private static func page(_ detail: Detail, _ registrations: [DiscoveryFigures]) throws -> String {
        try StatusPage.encode(
            Built.report([Built.service("a", [(.up, 1)])]), detail,
            StatusPage.Setting(
                node: "n", version: "1", selection: .all, code: 200, refreshes: true, discovery: registrations))
    }

    /// What a person reads of it.
    private static func text(_ page: String) throws -> String {
        let list = try #require(page.firstMatch(of: /(?s)<h2 id="registrations-heading">.*?<\/ul>/))
        return String(list.0).replacing(/<[^>]*>/, with: " ").split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
    }

    @Test("Each registration has its state, since when, the cause of a failure and what to look at")
    func full() throws {
        let page = try Self.page(.full, Self.registrations)
        try StatusPageTests.expectWellFormed(page)
        #expect(
            try Self.text(page) == """
                Service discovery AWS Cloud Map: srv-&lt;a&gt; registered i-1 · status healthy · since 06:38:30 , for 1 min \
                Consul: loki retrying unreachable Look at: is the agent running? i-1 · not registered · \
                failing since 06:38:30 , for 1 min · last answer 06:39:00 \
                Consul: tempo waiting Look at: the services above i-1 · since 06:38:30 , for 1 min \
                Consul: grafana draining i-1 · status critical · since 06:38:30 , for 1 min
                """)
        let looks = page.matches(of: /<li class="service (\w+)" id="(registration-\d)">/).map { "\($0.2) \($0.1)" }
        #expect(
            looks == [
                "registration-0 healthy", "registration-1 degraded", "registration-2 degraded",
                "registration-3 draining",
            ])
        // The verdict is the services' alone.
        #expect(page.contains("<title>✓ Healthy"))
    }

    @Test("Clients that may not see details read what is registered, and its status")
    func summary() throws {
        #expect(
            try Self.text(Self.page(.summary, Self.registrations)) == """
                Service discovery AWS Cloud Map registered status healthy Consul not registered Consul not registered \
                Consul registered status critical
                """)
    }

    @Test("Without a registration, there is no such part")
    func none() throws {
        #expect(try !Self.page(.full, []).contains("Service discovery"))
    }
}
