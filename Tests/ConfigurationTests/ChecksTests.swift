import Configuration
import HTTPClient
import Health
import TestSupport
import Testing

@Suite("Several checks of a service")
struct ChecksTests {
    private func services(of yaml: String) throws -> [Service] {
        let folder = try Folder()
        return try Configuration(flags: [.config: folder.write(yaml, to: "healthz.yaml")]).services
    }

    @Test("Each check inherits the keys of the service, and is listed by its name")
    func inherited() throws {
        let service = try #require(
            services(
                of: """
                    services:
                      loki:
                        endpoint: http://loki:3100
                        headers: {X-Scope-OrgID: ops}
                        timeout: 1s
                        critical: false
                        checks:
                          ready: {preset: loki-ready, headers: {}}
                          write: {preset: loki-write, timeout: 2s}
                          read: {preset: loki-read, critical: false, endpoint: "http://read:3100"}
                    """
            ).first)
        #expect(service.isGroup && !service.isCritical && service.requiredInstances == 2)
        #expect(service.instances.map(\.name) == ["ready", "write", "read"])
        #expect(service.instances.map(\.isCritical) == [true, true, false])
        #expect(Set(service.targets.map(\.id)).count == 3)
        #expect(
            service.targets.map { "\($0.probe)" } == [
                "GET http://loki:3100/ready", "POST http://loki:3100/otlp/v1/logs",
                "GET http://read:3100/loki/api/v1/labels?since=1m",
            ])
        #expect(service.targets.map(\.timeout) == [.seconds(1), .seconds(2), .seconds(1)])
        let requests = service.targets.compactMap { target -> Request? in
            if case .http(let request, _) = target.probe { request } else { nil }
        }
        #expect(
            requests.map { $0.fields.map { "\($0.name): \($0.value)" } } == [
                [], ["Content-Type: application/json", "X-Scope-OrgID: ops"], ["X-Scope-OrgID: ops"],
            ])
        #expect(requests.map { $0.content == nil } == [true, false, true])
    }

    @Test("With instances, each check is made at each, and an instance is a place")
    func instances() throws {
        let service = try #require(
            services(
                of: """
                    services:
                      tempo:
                        instances: [http://a:3200, http://b:3200]
                        require: any
                        checks: {ready: {preset: tempo-ready}, read: {preset: tempo-read}}
                    """
            ).first)
        #expect(
            service.instances.map(\.name) == [
                "ready http://a:3200", "ready http://b:3200", "read http://a:3200", "read http://b:3200",
            ])
        #expect(service.instances.map(\.place) == ["http://a:3200", "http://b:3200", "http://a:3200", "http://b:3200"])
        #expect(service.required == 1 && service.requiredInstances == 2)
    }

    @Test("The preset deep writes and reads; without an endpoint, a service is left out")
    func deep() throws {
        let configuration = try Configuration(environment: ["HEALTHZ_PRESET": "deep", "TEMPO_ENDPOINT": ""])
        #expect(configuration.services.map(\.name) == ["grafana", "loki"])
        #expect(configuration.services.last?.instances.map(\.name) == ["ready", "write", "read"])
    }
}
