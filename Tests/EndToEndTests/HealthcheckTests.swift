import Foundation
import TestSupport
import Testing

@Suite("A HEALTHCHECK finds its healthz", .serialized, .timeLimit(.minutes(5)))
struct HealthcheckTests {
    private static let services = ["LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""]

    @Test("The listen address may come from a flag, the kernel or a file, or be a UNIX domain socket")
    func finds() throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        let file = try folder.write("listen: 127.0.0.1:0\nservices: {a: {url: \(closed.url)/}}\n", to: "healthz.yaml")
        let path = folder.path("healthz.sock")
        let environment = Self.services.merging(["GRAFANA_ENDPOINT": closed.url]) { $1 }
        for (arguments, shown) in [
            (["--listen", "127.0.0.1:0"], "http://127.0.0.1:"), (["--config", file], "http://127.0.0.1:"),
            (["serve", "--listen", "unix:\(path)"], "unix:\(path):/livez"),
        ] {
            let program = try Program(Program.healthz, arguments, environment: environment)
            try program.waitForErrors("start") { $0.contains("listens on") }
            let probe = try Program.run(["probe"], environment: environment)
            #expect(probe.code == 0, "\(arguments): \(probe.output)\(probe.errors)")
            #expect(probe.output.hasPrefix("healthy: \(shown)"))
            program.signal(SIGINT)
            #expect(try program.wait().code == 0)
        }
    }

    @Test("The settings of the probe count: another running healthz is not taken for the right one")
    func explicit() throws {
        let closed = try ClosedPort()
        let sidecar = try RunningSidecar(Self.services.merging(["GRAFANA_ENDPOINT": closed.url]) { $1 })
        let probe = try Program.run(["probe"], environment: ["HEALTHZ_LISTEN": "127.0.0.1:\(closed.port)"])
        #expect(probe.code == 1)
        #expect(probe.output.contains("refused"))
        #expect(try sidecar.get("/livez").status == 200)
    }
}
