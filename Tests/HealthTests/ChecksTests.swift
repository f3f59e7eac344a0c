import HTTPClient
import Health
import Testing

@Suite("Services with several checks")
struct ServiceChecksTests {
    private static func service(
        _ checks: [(name: String, place: String, isCritical: Bool)], required: Int
    ) -> Service {
        Service(
            name: "loki",
            instances: checks.map {
                Service.Instance(
                    name: "\($0.name) \($0.place)", target: .on("\($0.name)-\($0.place)"), place: $0.place,
                    isCritical: $0.isCritical)
            }, required: required)
    }

    @Test("A failed critical check makes the service unhealthy, another one degrades it")
    func oneServer() async {
        let service = Self.service([("ready", "a", true), ("write", "a", true), ("read", "a", false)], required: 1)
        let bench = await Bench(.onDemand([service]))
        func status(_ ready: Outcome, _ write: Outcome, _ read: Outcome) async -> HealthStatus? {
            await bench.report(["ready-a": ready, "write-a": write, "read-a": read])?.status
        }
        #expect(await status(.ok, .ok, .ok) == .healthy)
        #expect(await status(.ok, .ok, .refused) == .degraded)
        #expect(await status(.ok, .refused, .ok) == .unhealthy)
        #expect(await status(.refused, .ok, .refused) == .unhealthy)
        let report = await bench.report(["ready-a": .refused, "write-a": .ok, "read-a": .ok])
        #expect(report?.services.first?.reason == .instances(healthy: 2, of: 3, required: 2))
    }

    @Test("An instance counts if all its critical checks hold")
    func severalServers() async {
        let checks = [("ready", "a", true), ("ready", "b", true), ("write", "a", true), ("write", "b", true)]
        let bench = await Bench(.onDemand([Self.service(checks, required: 1)]))
        func status(_ broken: Set<String>) async -> HealthStatus? {
            let hosts = ["ready-a", "ready-b", "write-a", "write-b"]
            let outcomes = hosts.map { ($0, broken.contains($0) ? Outcome.refused : .ok) }
            return await bench.report(Dictionary(uniqueKeysWithValues: outcomes))?.status
        }
        #expect(await status([]) == .healthy)
        #expect(await status(["ready-a", "write-a"]) == .degraded)
        // Two of four are healthy, but no server is.
        #expect(await status(["ready-a", "write-b"]) == .unhealthy)
    }
}
